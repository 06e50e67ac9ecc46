"""Random keys along the paths of a spec."""

import zlib

import jax
import jax.numpy as jnp


def at(key, *path):
    """The key of the node at `path`: names and repeat indices folded in one by one."""
    if key is None:
        return None
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key


def layer_keys(key, times):
    """The keys of layers 0, 1, ... below `key`, as one array."""
    if key is None:
        return None
    return jax.vmap(lambda index: at(key, index))(jnp.arange(times))


def named_keys(key, names):
    """The keys of the nodes `names` below `key`, as one array."""
    if key is None:
        return None
    numbers = jnp.array([zlib.crc32(name.encode()) for name in names], jnp.uint32)
    return jax.vmap(lambda number: at(key, number))(numbers)
