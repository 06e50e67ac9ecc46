"""Pooling of images [..., *sizes, channels] over windows."""

import math

import jax.numpy as jnp

from graphc.emit.library.windows import slide, surround


def pool(combine, fill, x, window, strides, padding):
    """`combine` of each window, axis by axis; `fill` pads."""
    x = surround(x, window, strides, padding, fill)
    steps = enumerate(zip(window, strides, strict=True), x.ndim - 1 - len(window))
    for axis, (length, step) in steps:
        x = slide(combine, x, axis, length, step)
    return x


def max_pool(x, window, strides=None, padding="VALID"):
    """The largest number of each window.

    By slices: on the CPU, the gradient is 5 to 20 times faster than that of `nnx.max_pool`.
    """
    return pool(jnp.maximum, -jnp.inf, x, window, strides or window, padding)


def average_pool(x, window, strides=None, padding="VALID"):
    """The mean of each window over what lies inside the image.

    By slices: on the CPU, the gradient of overlapping windows is 7 times faster than that of
    `nnx.avg_pool`.
    """
    total = pool(jnp.add, 0, x, window, strides or window, padding)
    if padding == "VALID":
        return total / math.prod(window)
    sizes = x.shape[-1 - len(window) : -1]
    count = pool(jnp.add, 0, jnp.ones((*sizes, 1)), window, strides or window, padding)
    return total / jnp.expand_dims(count, range(x.ndim - count.ndim))
