"""Images [..., *sizes, channels] of other sizes."""

import math

import jax


def interpolate(x, sizes):
    """Images enlarged to the given sizes, linear between the centres of their numbers.

    `jax.image.resize` takes the sizes of all axes, and some only the data knows.
    """
    shape = (*x.shape[: x.ndim - 1 - len(sizes)], *sizes, x.shape[-1])
    return jax.image.resize(x, shape, "linear")


def pixel_shuffle(x, factors):
    """Channels as places: [..., h, w, c * r * s] becomes [..., h * r, w * s, c].

    In the order of PyTorch, where c runs slowest in the channels.
    """
    axes = len(factors)
    first = x.ndim - 1 - axes
    points, sizes = x.shape[:first], x.shape[first:-1]
    channels = x.shape[-1] // math.prod(factors)
    x = x.reshape(*points, *sizes, channels, *factors)
    order = [axis for i in range(axes) for axis in (first + i, first + axes + 1 + i)]
    x = x.transpose(*range(first), *order, first + axes)
    larger = [size * factor for size, factor in zip(sizes, factors, strict=True)]
    return x.reshape(*points, *larger, channels)


def pixel_unshuffle(x, factors):
    """The inverse of `pixel_shuffle`: [..., h * r, w * s, c] becomes [..., h, w, c * r * s]."""
    axes = len(factors)
    first = x.ndim - 1 - axes
    points, channels = x.shape[:first], x.shape[-1]
    sizes = [n // factor for n, factor in zip(x.shape[first:-1], factors, strict=True)]
    blocks = [n for pair in zip(sizes, factors, strict=True) for n in pair]
    x = x.reshape(*points, *blocks, channels)
    outer, inner = range(first, first + 2 * axes, 2), range(first + 1, first + 2 * axes, 2)
    x = x.transpose(*range(first), *outer, first + 2 * axes, *inner)
    return x.reshape(*points, *sizes, channels * math.prod(factors))
