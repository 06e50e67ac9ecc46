"""Activations that jax.nn and Flax do not have."""

import jax.numpy as jnp
from flax import nnx


class Prelu(nnx.Module):
    """x where it is positive, slope * x elsewhere; `nnx.PReLU` has one slope, not one a channel."""

    def __init__(self, slopes, *, slope_init, rngs):
        self.slope = nnx.Param(slope_init(rngs.params(), (slopes,), jnp.float32))

    def __call__(self, x):
        slope = jnp.expand_dims(self.slope[...], range(x.ndim - 1))
        return jnp.where(x > 0, x, slope * x)


def tanh_shrink(x):
    """x - tanh(x), of an expression that is written once."""
    return x - jnp.tanh(x)


def soft_shrink(x, threshold=0.5):
    """x brought towards zero by `threshold`, and zero nearer to it."""
    return x - jnp.clip(x, -threshold, threshold)


def hard_shrink(x, threshold=0.5):
    """x where it is further from zero than `threshold`, and zero elsewhere."""
    return jnp.where(jnp.abs(x) > threshold, x, 0)


def gated(activation, x):
    """activation(first half) * second half, of the last axis; `nnx.glu` gates by the second."""
    gate, value = jnp.split(x, 2, axis=-1)
    return activation(gate) * value


def maxout(x, pieces):
    """The largest of each `pieces` neighbours along the last axis."""
    return jnp.max(x.reshape(*x.shape[:-1], -1, pieces), axis=-1)


def sparsemax(x):
    """The point of the probability simplex nearest to x, along the last axis.

    Of the sorted x, the largest k stay positive, each less the same number.
    """
    largest = jnp.flip(jnp.sort(x, axis=-1), axis=-1)
    excess = jnp.cumsum(largest, axis=-1) - 1
    counts = jnp.expand_dims(jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype), range(x.ndim - 1))
    support = jnp.sum(counts * largest > excess, axis=-1, keepdims=True)
    threshold = jnp.take_along_axis(excess, support - 1, axis=-1) / support.astype(x.dtype)
    return jnp.maximum(x - threshold, 0)


def one_tanh(x, factors):
    """Sigmoids (factor 1/2) and tanhs (factor 1) of the equal parts of x, side by side.

    As `sigmoid(x) = tanh(x / 2) / 2 + 1 / 2`, that is one function of the whole of x, which is
    faster than one of each part.
    """
    factor = jnp.repeat(jnp.asarray(factors, x.dtype), x.shape[-1] // len(factors))
    factor = jnp.broadcast_to(factor, x.shape)
    return factor * jnp.tanh(factor * x) + (1 - factor)
