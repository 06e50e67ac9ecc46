"""Normalisation that Flax and jnp have no call for."""

import jax.numpy as jnp


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
