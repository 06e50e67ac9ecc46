"""Products of points [..., n] with a kernel [n, m], and those in bfloat16."""

import jax
import jax.numpy as jnp


def dot_flat(a, b, dimension_numbers=None, **_):
    """The product of `a` [..., n] and `b` [n, m], with all that is before n as one axis.

    Takes the place of `jax.lax.dot_general` in `nnx.Linear(..., dot_general=dot_flat)`: on a CPU
    jax's gradient by `b` takes longer over several axes.
    """
    product = a.reshape(-1, a.shape[-1]) @ b
    return product.reshape(*a.shape[:-1], product.shape[-1])


def dot_steps(a, b, dimension_numbers=None, **_):
    """`dot_flat` of `a` [batch, time, ..., n] that lies in memory step by step, and so the product.

    It is how loops over time read and give their values: what they exchange is never turned.
    """
    return jnp.swapaxes(dot_flat(jnp.swapaxes(a, 0, 1), b), 0, 1)


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
        to_b = narrow(turned(a), gradient.reshape(-1, gradient.shape[-1]), (1,), (0,))
        return narrow(gradient, b, (a.ndim - 1,), (1,)), to_b

    product.defvjp(forward, backward)
    return product(a, b)


def turned(x):
    """The transpose [n, points] of `x` [..., n], by a detour that XLA does not see through.

    Where it does, on a CPU, it multiplies by `x` as it is, and for that it has no product of
    bfloat16 numbers: it takes one of float32, which is slower.
    """
    halves = 2 - x.size // x.shape[-1] % 2
    return x.reshape(halves, -1, x.shape[-1]).transpose(2, 0, 1).reshape(x.shape[-1], -1)


@jax.tree_util.register_pytree_node_class
class Bfloat16:
    """A matrix that is multiplied by in bfloat16: `x @ Bfloat16(b)` is `dot_bfloat16(x, b)`."""

    __array_ufunc__ = None  # numpy arrays leave the product to it

    def __init__(self, matrix):
        self.matrix = matrix

    def __rmatmul__(self, x):
        return dot_bfloat16(x, self.matrix)

    def tree_flatten(self):
        return (self.matrix,), None

    @classmethod
    def tree_unflatten(cls, _, arrays):
        return cls(*arrays)


def conv_bfloat16(x, kernel, strides, padding, *, rhs_dilation, feature_group_count=1, **_):
    """The convolution of `x` [n, ..., c] with `kernel` [..., c / groups, m], as `dot_bfloat16`.

    Takes the place of `jax.lax.conv_general_dilated` in `nnx.Conv(...)`, which has no derivative
    where its results are wider than its operands.
    """
    axes, window, groups = "DHW"[-len(strides) :], kernel.shape[:-2], feature_group_count
    layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    spans = [(k - 1) * step + 1 for k, step in zip(window, rhs_dilation, strict=True)]
    if isinstance(padding, str):
        padding = jax.lax.padtype_to_pads(x.shape[1:-1], spans, strides, padding)
    before = [pads[0] for pads in padding]

    def narrow(a, b, layout, strides, padding, **options):
        a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
        options |= {"dimension_numbers": layout, "preferred_element_type": jnp.float32}
        return jax.lax.conv_general_dilated(a, b, strides, padding, **options)

    @jax.custom_vjp
    def product(x, kernel):
        options = {"rhs_dilation": rhs_dilation, "feature_group_count": groups}
        return narrow(x, kernel, layout, strides, padding, **options)

    def forward(x, kernel):
        return product(x, kernel), (x.astype(jnp.bfloat16), kernel.astype(jnp.bfloat16))

    def backward(operands, gradient):
        x, kernel = operands
        *_, c, m = kernel.shape
        wide = [(n - 1) * step + 1 for n, step in zip(gradient.shape[1:-1], strides, strict=True)]
        sizes = list(zip(x.shape[1:-1], before, spans, wide, strict=True))
        # Of x: each place hears of all kernels that saw it, through the kernel turned round.
        turned = jnp.flip(kernel, range(len(window))).reshape(*window, c, groups, m // groups)
        turned = jnp.moveaxis(turned, -1, -3)
        turned = jnp.swapaxes(turned, -1, -2).reshape(*window, m // groups, groups * c)
        around = [(span - 1 - low, n + low - width) for n, low, span, width in sizes]
        options = {"lhs_dilation": strides, "rhs_dilation": rhs_dilation}
        options |= {"feature_group_count": groups}
        of_x = narrow(gradient, turned, layout, (1,) * len(window), around, **options)
        # Of the kernel: what each of its numbers saw of x, over examples and places.
        around = [(low, span - 1 + width - n - low) for n, low, span, width in sizes]
        options = {"rhs_dilation": strides, "batch_group_count": groups}
        seen = (f"C{axes}N", f"I{axes}O", f"{axes}NC")
        return of_x, narrow(x, gradient, seen, rhs_dilation, around, **options)

    product.defvjp(forward, backward)
    return product(x, kernel)
