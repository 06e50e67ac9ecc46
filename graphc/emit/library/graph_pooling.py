"""One value for each graph."""

import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.arrays import present
from graphc.emit.library.time import some_present


class NodeAttention(nnx.Module):
    """The mean of what the nodes of a graph hold, weighted by the softmax of a learned score."""

    def __init__(self, features, *, score_init, rngs):
        self.score = nnx.Param(score_init(rngs.params(), (features, 1)))

    def __call__(self, x, mask=None):
        """x is [batch, nodes, ..., n]; the mask [batch, nodes] says which nodes there are."""
        score = jnp.expand_dims(self.score[:, 0], range(x.ndim - 1))
        scores = jnp.sum(x * score, axis=-1, keepdims=True)
        there = None if mask is None else present(some_present(mask), scores)
        return jnp.sum(nnx.softmax(scores, axis=1, where=there) * x, axis=1)
