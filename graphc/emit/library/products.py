"""Products of matrices."""

import jax
import jax.numpy as jnp


def dot_bfloat16(a, b, dimension_numbers=None, **_):
    """The product of `a` [..., n] and `b` [n, m] from bfloat16 operands, with float32 results.

    Takes the place of `jax.lax.dot_general` in `nnx.Linear(..., dot_general=dot_bfloat16)`. Its
    gradient is written out because the derived one multiplies in float32.
    """

    def narrow(a, b, axes_of_a, axes_of_b):
        a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
        numbers = ((axes_of_a, axes_of_b), ((), ()))
        return jax.lax.dot_general(a, b, numbers, preferred_element_type=jnp.float32)

    @jax.custom_vjp
    def product(a, b):
        return narrow(a, b, (a.ndim - 1,), (0,))

    def forward(a, b):
        return product(a, b), (a.astype(jnp.bfloat16), b.astype(jnp.bfloat16))

    def backward(operands, gradient):
        a, b = operands
        points = tuple(range(a.ndim - 1))
        return narrow(gradient, b, (a.ndim - 1,), (1,)), narrow(a, gradient, points, points)

    product.defvjp(forward, backward)
    return product(a, b)
