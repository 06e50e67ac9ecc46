"""The layer of GraphSAGE that puts neighbours through a layer of their own before it takes one."""

import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.graphs import max_of_neighbours
from graphc.emit.library.keys import at


class SagePool(nnx.Linear):
    """A linear layer over a node and the largest of `relu(pool(neighbour))`, number by number."""

    def __init__(
        self, width, features, *, rngs, use_bias=True, bias_init=nnx.initializers.zeros, **options
    ):
        """The `options` are those of both `nnx.Linear`; `pool` has a bias in any case."""
        key = rngs.params()
        own, pool = (nnx.Rngs(at(key, name)) for name in ("kernel", "pool"))
        super().__init__(
            2 * width, features, use_bias=use_bias, bias_init=bias_init, rngs=own, **options
        )
        self.pool = nnx.Linear(width, width, rngs=pool, **options)

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        others = max_of_neighbours(graph, nnx.relu(self.pool(x)))
        return super().__call__(jnp.concatenate([x, others], axis=-1))
