"""Dropout by 16 random bits for each number; `nnx.Dropout` draws 32 bits, of a hash of 64."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax.extend.random import threefry_2x32


def bits_16(key, shape):
    """Random numbers of 16 bits, four of each hash; `jax.random` makes a hash for every number."""
    if jax.random.key_impl(key) != "threefry2x32":
        return jax.random.bits(key, shape, jnp.uint16)
    size = math.prod(shape)
    # Compilers do badly with counts that do not fill the vectors of a processor.
    counts = jnp.arange(-(-size // 128) * 64, dtype=jnp.uint32)
    words = threefry_2x32(jax.random.key_data(key), counts)
    return jax.lax.bitcast_convert_type(words, jnp.uint16).ravel()[:size].reshape(shape)


def of_65536(rate):
    """How many of 65,536 equal chances make a rate below 1."""
    return min(round(rate * 65536), 65535)


def kept_by_chance(key, rate, shape):
    """Where numbers stay, all but a share of `rate`, to 1/65,536."""
    return bits_16(key, shape) >= of_65536(rate)


def drop_by_chance(x, rate, key):
    """x with a share of its numbers at zero, and the others larger by as much."""
    share = 1 - of_65536(rate) / 65536
    return jnp.where(kept_by_chance(key, rate, x.shape), x / share, 0)


class Dropout(nnx.Dropout):
    """`nnx.Dropout` that draws 16 bits for each number."""

    def __call__(self, x, *, deterministic, rngs):
        return x if deterministic or not self.rate else drop_by_chance(x, self.rate, rngs)
