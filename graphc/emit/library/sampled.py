"""Neighbours that are drawn, in the place of all that a node has."""

import functools
import itertools

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.graphs import (
    Edges,
    GraphAttention,
    GraphConv,
    Isomorphism,
    edges_of,
    propagate,
    with_neighbours,
)
from graphc.emit.library.keys import at
from graphc.emit.library.sage import SagePool
from graphc.emit.library.tied import linear


class DrawnTrees:
    """Nodes, neighbours that were drawn for each of them, neighbours of these, and so on.

    They lie level by level: first the nodes of a batch, then as many neighbours for each as
    `sizes` says, the next level behind them. Of a level the first neighbours of all nodes come
    first, so that to add up neighbours is to add up a few long pieces. What has gone along the
    edges is known of all levels but the last of those before it, so that layer by layer there are
    fewer nodes, from the front.

    Args:
        degrees: how many neighbours each node has of which some were drawn: float [nodes].
        sizes: how many were drawn for each node of a level.
    """

    def __init__(self, degrees, sizes):
        counts = [1]
        for size in sizes:
            counts.append(counts[-1] * size)
        roots = len(degrees) // sum(counts)
        self.ends = [roots * sum(counts[: depth + 1]) for depth in range(len(counts))]
        self.degrees, self.sizes = degrees, sizes

    def own(self, x):
        """What those nodes of x hold whose neighbours are among its nodes: x [1, nodes, ...]."""
        return x[:, : self.ends[self.ends.index(x.shape[1]) - 1]]

    def levels(self, x):
        """For each level of those nodes where they are, and what their neighbours hold.

        That is a list of arrays [1, nodes of the level, ...], one for each neighbour of a node.
        """
        ends = self.ends[: self.ends.index(x.shape[1]) + 1]
        levels = [slice(*each) for each in itertools.pairwise([0, *ends[:-1]])]
        cuts = [
            range(level.stop, end, level.stop - level.start)
            for level, end in zip(levels, ends[1:], strict=True)
        ]
        # The gradient of a split joins those of its parts; that of slices adds them up, padded.
        parts = iter(jnp.split(x, list(itertools.chain(*cuts)), axis=1)[1:])
        several = [list(itertools.islice(parts, len(each))) for each in cuts]
        return list(zip(levels, several, strict=True))

    def degrees_like(self, x):
        """The degrees of the nodes of x, as an array that goes with it."""
        degrees = self.degrees[: x.shape[1]].astype(x.dtype)
        return degrees.reshape(1, -1, *[1] * (x.ndim - 2))


def drawn_trees(batch, fields, target, sizes, key):
    """The nodes of a batch and neighbours drawn for them, as a batch of one graph.

    Each neighbour of a node is as likely as the others, and may be drawn several times. Of a node
    that has none some others are drawn, of which nothing is heard, for its degree is 0.
    """
    senders, offsets = batch["graph:senders"], batch["graph:offsets"]
    seeds = level = batch["nodes:seeds"]
    pieces = []
    for depth, size in enumerate(sizes):
        pieces.append(level)
        degrees = jnp.maximum(offsets[level + 1] - offsets[level], 1)
        shape = size, len(level)
        place = jax.random.randint(jax.random.fold_in(key, depth), shape, 0, degrees[None])
        drawn = senders.at[offsets[level][None] + place].get(mode="clip")
        level = drawn.ravel()
    nodes = jnp.concatenate([*pieces, level])
    # Of the last level, the largest, each neighbour is read by itself: where nothing but a sum
    # reads them they are never there all at once.
    parts = [jnp.concatenate(pieces), *drawn]
    found = {name: batch[f"graph:nodes:{name}"] for name in fields}
    found = {
        name: jnp.concatenate([array[part][None] for part in parts], axis=1)
        for name, array in found.items()
    }
    if f"graph:nodes:{target}" in batch:
        found[target] = batch[f"graph:nodes:{target}"][seeds][None]
    return {
        **found,
        "nodes:counted": batch["mask"][None],
        "nodes:degrees": (offsets[nodes + 1] - offsets[nodes]).astype(jnp.float32),
        "mask": jnp.ones(1, bool),
    }


def graph_of(batch, sizes):
    """The edges of the graphs of a batch, or the neighbours that were drawn for its nodes."""
    if "nodes:degrees" in batch:
        return DrawnTrees(batch["nodes:degrees"], sizes)
    return edges_of(batch)


def propagate_drawn(graph, x, normalize="symmetric", self_loops=1.0):
    """`propagate`, or an estimate of it from neighbours that were drawn, right in the mean.

    Each of k that were drawn of d neighbours counts d / k times, and the degrees D are those of the
    whole graph.
    """
    if isinstance(graph, Edges):
        return propagate(graph, x, normalize, self_loops)
    degrees = graph.degrees_like(x)
    share = degrees + self_loops
    share = jnp.where(share > 0, 1 / jnp.where(share > 0, share, 1), 0)
    if normalize == "symmetric":
        share = jnp.sqrt(share)
        x = share * x
    means = [sum(heard) / len(heard) for _, heard in graph.levels(x)]
    own = graph.own(x)
    total = graph.degrees_like(own) * jnp.concatenate(means, axis=1) + self_loops * own
    return total if normalize == "none" else graph.own(share) * total


def with_drawn_neighbours(graph, x, aggregate="mean"):
    """`with_neighbours`, or the same of neighbours that were drawn."""
    if isinstance(graph, Edges):
        return with_neighbours(graph, x, aggregate)
    if aggregate == "max":
        others = max_of_drawn(graph, x)
    else:
        others = propagate_drawn(graph, x, "none" if aggregate == "sum" else aggregate, 0.0)
    return jnp.concatenate([graph.own(x), others], axis=-1)


def max_of_drawn(graph, x):
    """The largest numbers of the neighbours that were drawn; 0 where there are none."""
    most = [functools.reduce(jnp.maximum, heard) for _, heard in graph.levels(x)]
    most = jnp.concatenate(most, axis=1)
    return jnp.where(graph.degrees_like(most) > 0, most, 0)


class DrawnGraphConv(GraphConv):
    """`GraphConv`, also over neighbours that were drawn.

    Of these there are more than nodes that hear of them, so that the product comes last.
    """

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        if isinstance(graph, Edges):
            return super().__call__(x, graph)
        x = propagate_drawn(graph, x, self.normalize, self.self_loops)
        bias = None if self.bias is None else self.bias[...]
        return linear(x, self.kernel[...], bias, dot_general=self.dot_general)


class DrawnIsomorphism(Isomorphism):
    """`Isomorphism`, also over neighbours that were drawn."""

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        return propagate_drawn(graph, x, "none", 1 + self.epsilon[...])


class DrawnSagePool(SagePool):
    """`SagePool`, also over neighbours that were drawn."""

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        if isinstance(graph, Edges):
            return super().__call__(x, graph)
        others = max_of_drawn(graph, nnx.relu(self.pool(x)))
        return nnx.Linear.__call__(self, jnp.concatenate([graph.own(x), others], axis=-1))


class DrawnGraphAttention(GraphAttention):
    """`GraphAttention`, also over neighbours that were drawn, each as often as it stands for."""

    def __call__(self, x, graph, *, train=False, key=None):
        """x is [batch, nodes, ..., n]."""
        if isinstance(graph, Edges):
            return super().__call__(x, graph, train=train, key=key)
        x = linear(x, self.kernel[...], dot_general=self.dot_general)
        x = x.reshape(*x.shape[:-1], self.heads, -1)
        sent, received = (
            jnp.sum(x * jnp.expand_dims(end[...], range(x.ndim - 2)), axis=-1)
            for end in (self.sender, self.receiver)
        )
        degrees, several = graph.degrees_like(sent), []
        both = zip(graph.levels(sent), graph.levels(x), strict=True)
        for depth, ((level, scores), (_, heard)) in enumerate(both):
            own, degree = received[:, level], degrees[:, level]
            scores, heard = jnp.stack(scores, axis=1), jnp.stack(heard, axis=1)
            scores = nnx.leaky_relu(scores + own[:, None], self.negative_slope)
            hears = (degree > 0)[:, None]
            scores += jnp.log(jnp.maximum(degree, 1) / scores.shape[1])[:, None]
            if self.self_loops:
                itself = nnx.leaky_relu(sent[:, level] + own, self.negative_slope)[:, None]
                scores = jnp.concatenate([jnp.where(hears, scores, -jnp.inf), itself], axis=1)
                heard = jnp.concatenate([heard, x[:, level][:, None]], axis=1)
            weights = nnx.softmax(scores, axis=1)
            if not self.self_loops:
                weights = jnp.where(hears, weights, 0)
            rngs = at(key, "level", depth)
            weights = self.drop(weights, deterministic=not train, rngs=rngs)
            several.append(jnp.sum(weights[..., None] * heard, axis=1))
        y = jnp.concatenate(several, axis=1)
        y = jnp.mean(y, axis=-2) if self.join == "mean" else jax.lax.collapse(y, y.ndim - 2)
        return y if self.bias is None else y + jnp.expand_dims(self.bias[...], range(y.ndim - 1))
