"""Steps of training in which several objectives move weights."""

import jax
import jax.numpy as jnp
from flax import nnx


def mean_of_points(x, mask=None):
    """The mean over the points that are there, 0 where none is."""
    if mask is None:
        return jnp.mean(x)
    there = jnp.broadcast_to(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), x.shape)
    return jnp.sum(x, where=there) / jnp.maximum(jnp.sum(there, dtype=jnp.float32), 1)


def sum_of_points(x, mask):
    """The sum over the points that are there."""
    return jnp.sum(x, where=mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)))


def alone(name, values):
    """1 for the value of this name and 0 for the others: what pulls back the gradient of one."""
    return {each: jnp.full_like(value, each == name) for each, value in values.items()}


def in_turn(network, objectives, turn):
    """The network in a turn of these objectives; in others a clone, which keeps its statistics."""
    return network if turn is None or set(turn) & set(objectives) else nnx.clone(network)


def in_parts(batch, count):
    """A batch [count * rows, ...] as so many of them, [count, rows, ...]."""
    return jax.tree.map(lambda rows: rows.reshape(count, -1, *rows.shape[1:]), batch)


def either(condition, one, other):
    """The first of two trees where a condition holds, otherwise the second."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)
