"""Normalisation that Flax and jnp have no call for."""

import math

import jax
import jax.numpy as jnp
from flax import nnx


class BatchNorm(nnx.BatchNorm):
    """`nnx.BatchNorm` that sums up each point by itself, and then those that are there.

    A mask of x itself is read, and its gradient written, once for each number of x: a residual
    network trains a tenth slower. Here it is [points] or [points, steps]; None: all are there.
    """

    def __call__(self, x, use_running_average=False, *, mask=None):
        if use_running_average:
            return super().__call__(x, use_running_average=True)
        there = jnp.ones(x.shape[:1], bool) if mask is None else mask
        inner, points = range(there.ndim, x.ndim - 1), range(there.ndim)
        count = jnp.sum(there, dtype=x.dtype) * math.prod(x.shape[axis] for axis in inner)

        def mean_of(values):
            sums = jnp.sum(values, tuple(inner))
            return jnp.sum(sums, tuple(points), where=there[..., None]) / count

        mean = mean_of(x)
        variance = jnp.maximum(0, mean_of(x * x) - mean * mean)
        for running, value in ((self.mean, mean), (self.var, variance)):
            running[...] = self.momentum * running[...] + (1 - self.momentum) * value
        factor = jax.lax.rsqrt(variance + self.epsilon)
        factor = factor if self.scale is None else factor * self.scale[...]
        features = (1,) * (x.ndim - 1) + (-1,)
        shift = -mean * factor if self.bias is None else self.bias[...] - mean * factor
        return x * factor.reshape(features) + shift.reshape(features)


def as_batch(layer, x, axes):
    """The value of `layer` with the first `axes` axes of x as one axis of examples.

    `nnx.GroupNorm` and `nnx.InstanceNorm` take exactly one such axis.
    """
    y = layer(x.reshape(-1, *x.shape[axes:]))
    return y.reshape(*x.shape[:axes], *y.shape[1:])


def l2_normalize(x, epsilon=1e-12):
    """x with length one along its last axis; near zero it is shorter, and its gradient finite."""
    squares = jnp.sum(jnp.square(x), axis=-1, keepdims=True)
    return x / jnp.sqrt(jnp.maximum(squares, epsilon))


def local_response_norm(x, radius=2, k=2.0, alpha=1e-4, beta=0.75):
    """x / (k + alpha * sum of the squares of the channels at most `radius` away) ** beta."""
    channels = x.shape[-1]
    radius = min(radius, channels - 1)
    around = [(0, 0)] * (x.ndim - 1) + [(radius, radius)]
    squares = jnp.pad(jnp.square(x), around)
    near = sum(squares[..., i : i + channels] for i in range(2 * radius + 1))
    return x / (k + alpha * near) ** beta
