"""Pairs of nodes: which a batch asks for, and what is said of them."""

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.keys import at


def asked_pairs(batch, *, train=False, key=None):
    """The pairs of nodes that a batch asks for: int [batch, pairs, 2].

    While training, others stand in the place of the `pairs:drawn`, which come behind those that
    are linked and sorted: pairs of two nodes that are not linked, each as likely as the others.
    """
    pairs = batch["pairs:ends"]
    if not train or key is None or "pairs:drawn" not in batch:
        return pairs
    keys = jax.random.split(key, len(pairs))
    given = (batch[f"pairs:{name}"] for name in ("drawn", "directed", "nodes"))
    return jax.vmap(drawn_anew)(pairs, *given, keys)


def drawn_anew(pairs, drawn, directed, nodes, key):
    """The pairs [pairs, 2] of one graph with others, not linked, in the place of those `drawn`."""
    links = jnp.where(drawn[:, None], nodes, pairs)  # in their order, for no node has this number

    def again(before):
        number, pairs, wrong = before
        first, second = jax.random.split(jax.random.fold_in(key, number))
        one = jax.random.randint(first, drawn.shape, 0, nodes, pairs.dtype)
        further = jax.random.randint(second, drawn.shape, 1, nodes, pairs.dtype)
        others = jnp.stack([one, (one + further) % nodes], axis=-1)
        others = jnp.where(directed, others, jnp.sort(others, axis=-1))
        pairs = jnp.where(wrong[:, None], others, pairs)
        return number + 1, pairs, wrong & are_among(pairs, links)

    start = jnp.zeros((), jnp.int32), pairs, drawn
    return jax.lax.while_loop(lambda before: jnp.any(before[2]), again, start)[1]


def are_among(pairs, links):
    """Whether pairs [pairs, 2] are among links [links, 2], which are sorted: by bisection."""
    low = jnp.zeros(len(pairs), jnp.int32)
    high = jnp.full(len(pairs), len(links), jnp.int32)
    first, second = pairs[:, 0], pairs[:, 1]
    for _ in range(len(links).bit_length()):
        middle = (low + high) // 2
        one, other = links.at[middle].get(mode="clip").T
        behind = (one < first) | ((one == first) & (other < second))
        low, high = jnp.where(behind, middle + 1, low), jnp.where(behind, high, middle)
    return jnp.all(links.at[low].get(mode="clip") == pairs, axis=-1)


def at_end(x, pairs, end):
    """What the nodes at one end of pairs hold: x [batch, nodes, ...] as [batch, pairs, ...]."""
    return jax.vmap(lambda x, nodes: x[nodes])(x, pairs[..., end])


def dot_of_ends(x, pairs):
    """The dot product of what the two nodes of each pair hold: x [batch, nodes, ..., n]."""
    return jnp.sum(at_end(x, pairs, 0) * at_end(x, pairs, 1), axis=-1)


class Bilinear(nnx.Module):
    """`h_u @ kernel @ h_v` for each pair of nodes u, v."""

    def __init__(self, width, *, directed=False, kernel_init, rngs):
        self.kernel = nnx.Param(kernel_init(rngs.params(), (width, width)))
        self.directed = directed

    def __call__(self, x, pairs):
        """x is [batch, nodes, ..., n]."""
        kernel = self.kernel[...]
        if not self.directed:
            kernel = (kernel + kernel.T) / 2
        return jnp.sum(at_end(x @ kernel, pairs, 0) * at_end(x, pairs, 1), axis=-1)


class PairPerceptron(nnx.Module):
    """A perceptron with one hidden layer over what the two nodes of each pair hold."""

    def __init__(self, width, units, *, directed=False, kernel_init, rngs):
        key = rngs.params()
        self.kernel = nnx.Param(kernel_init(at(key, "kernel"), (2 * width, units)))
        self.bias = nnx.Param(jnp.zeros(units))
        last = nnx.initializers.lecun_normal()(at(key, "score"), (units, 1))
        self.score = nnx.Param(last[:, 0])
        self.offset = nnx.Param(jnp.zeros(()))
        self.directed = directed

    def __call__(self, x, pairs):
        """x is [batch, nodes, ..., n]; its product with the kernel is made once for each node."""
        first, second = (x @ half for half in jnp.split(self.kernel[...], 2))
        hidden = self.units(at_end(first, pairs, 0) + at_end(second, pairs, 1))
        if not self.directed:
            turned = self.units(at_end(first, pairs, 1) + at_end(second, pairs, 0))
            hidden = (hidden + turned) / 2
        return hidden @ self.score[...] + self.offset[...]

    def units(self, x):
        """The hidden units, out of the sum of the two products."""
        return nnx.relu(x + jnp.expand_dims(self.bias[...], range(x.ndim - 1)))
