"""Layers with another kernel for one call. In Flax, weight_norm never trains its scale."""

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.dropout import drop_by_chance
from graphc.emit.library.tied import with_arrays


def lengths(kernel):
    """The length of each output's part of a kernel [..., outputs]."""
    squares = jnp.sum(jnp.square(kernel), axis=range(kernel.ndim - 1))
    return jnp.sqrt(jnp.maximum(squares, 1e-12))


def with_lengths(layer):
    """The layer with the lengths of its kernel as a parameter, for `weight_norm`."""
    layer.scale = nnx.Param(lengths(layer.kernel[...]))
    return layer


def weight_norm(layer):
    """The layer with the kernel that has the trained lengths."""
    kernel = layer.kernel[...]
    factors = layer.scale[...] / lengths(kernel)
    return with_arrays(layer, kernel=kernel * jnp.expand_dims(factors, range(kernel.ndim - 1)))


def unit(vector):
    """The vector with length one."""
    return vector / jnp.maximum(jnp.linalg.norm(vector), 1e-12)


def with_direction(layer, *, rngs):
    """The layer with a random direction of its outputs as a statistic, for `spectral_norm`.

    Its key is folded once more, because the kernel was drawn with `rngs` as they are.
    """
    key = jax.random.fold_in(rngs.params(), 1)
    layer.u = nnx.BatchStat(unit(jax.random.normal(key, layer.kernel.shape[-1:])))
    return layer


def spectral_norm(layer, steps=1, train=False):
    """The layer with its kernel over the kernel's largest singular value, by power iteration."""
    kernel = layer.kernel[...]
    matrix = kernel.reshape(-1, kernel.shape[-1])
    still, u = jax.lax.stop_gradient(matrix), layer.u[...]
    v = unit(still @ u)
    if train:
        for _ in range(steps - 1):
            v = unit(still @ unit(v @ still))
        u = layer.u[...] = unit(v @ still)
    return with_arrays(layer, kernel=kernel / jnp.maximum(v @ matrix @ u, 1e-12))


def standardize_kernel(layer, epsilon=1e-5):
    """The layer with mean 0 and variance 1 in each output's part of the kernel."""
    kernel = layer.kernel[...]
    axes = range(kernel.ndim - 1)
    mean = jnp.mean(kernel, axis=axes, keepdims=True)
    variance = jnp.var(kernel, axis=axes, keepdims=True)
    return with_arrays(layer, kernel=(kernel - mean) / jnp.sqrt(variance + epsilon))


def drop_connect(layer, rate, train=False, key=None):
    """The layer with a share of its kernel at zero while training, and the rest larger."""
    if not train:
        return layer
    return with_arrays(layer, kernel=drop_by_chance(layer.kernel[...], rate, key))
