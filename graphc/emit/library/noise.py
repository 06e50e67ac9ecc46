"""Noise while training, from a key; Flax has dropout alone."""

import jax
import jax.numpy as jnp

from graphc.emit.library.dropout import kept_by_chance


def gaussian_noise(x, stddev, train=False, key=None):
    """x plus normal numbers."""
    if not train:
        return x
    return x + stddev * jax.random.normal(key, x.shape, x.dtype)


def gaussian_dropout(x, rate, train=False, key=None):
    """x times normal numbers with mean 1 and the variance of dropout."""
    if not train:
        return x
    stddev = (rate / (1 - rate)) ** 0.5
    return x * (1 + stddev * jax.random.normal(key, x.shape, x.dtype))


def alpha_dropout(x, rate, train=False, key=None):
    """x with a share of numbers at the lower limit of selu, its mean 0 and variance 1 kept."""
    if not train:
        return x
    limit = -1.7580993408473766
    scale = ((1 - rate) * (1 + rate * limit**2)) ** -0.5
    return scale * (jnp.where(kept_by_chance(key, rate, x.shape), x, limit) - rate * limit)
