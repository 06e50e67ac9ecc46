"""Values at the edges of graphs, and what they bring to nodes."""

import jax.numpy as jnp

from graphc.emit.library.arrays import present
from graphc.emit.library.graphs import (
    Edges,
    GraphConv,
    at_ends,
    max_of_edges,
    softmax_of_edges,
    sum_of_edges,
)
from graphc.emit.library.sparse import Sparse
from graphc.emit.library.tied import linear


class ValuedEdges(Edges):
    """Edges that hold values: it is known how many nodes there are, and which edges are there.

    The latter, `there`, is bool [batch, edges], or [1, edges] where all examples have the same.
    """

    def __init__(self, edges, nodes, rows=None):
        """`rows` are the examples of the batch that are there."""
        super().__init__(edges.senders, edges.receivers, edges.matrix, edges.tables)
        self.nodes = nodes
        self.there = jnp.less(edges.receivers, nodes)
        if rows is not None:
            self.there = self.there & rows[:, None]


def count_of_nodes(x, axis):
    """How many nodes a value is over, which may be `Sparse`."""
    return (x.values if isinstance(x, Sparse) else x).shape[axis]


def ends_of_edges(graph, x, which, other):
    """What the nodes at one end of each edge hold: x [batch, nodes, ...] as [batch, edges, ...].

    Edges that pad a graph get what the last one has, or in a graph without any the node `other`.
    """
    count = jnp.sum(graph.receivers < x.shape[1], axis=1, keepdims=True)
    places = jnp.minimum(jnp.arange(which.shape[1])[None], jnp.maximum(count - 1, 0))
    nodes = jnp.take_along_axis(which, places, axis=1)
    return at_ends(x, jnp.where(count > 0, nodes, other))


def at_senders(graph, x):
    """What the sender of each edge holds: x [batch, nodes, ...] as [batch, edges, ...]."""
    return ends_of_edges(graph, x, graph.senders, 0)


def at_receivers(graph, x):
    """What the receiver of each edge holds."""
    return ends_of_edges(graph, x, graph.receivers, 1)


def at_nodes(graph, x, how="sum"):
    """What arrives at each node: x [batch, edges, ...] as [batch, nodes, ...]; 0 without edges."""
    if how == "max":
        most = max_of_edges(graph, x, graph.nodes)
        return jnp.where(jnp.isneginf(most), 0, most)
    total = sum_of_edges(graph, x, graph.nodes)
    if how == "sum":
        return total
    count = sum_of_edges(graph, jnp.ones(graph.receivers.shape, x.dtype), graph.nodes)
    return total / present(jnp.maximum(count, 1), total)


def edge_softmax(graph, x):
    """The weights of the edges that reach each node, whose sum is 1: [batch, edges, ...]."""
    return softmax_of_edges(graph, x, None, graph.nodes)[0]


def over_edges(there, value):
    """A value over the edges of each graph, and 0 for a graph that has none."""
    return jnp.where(present(there.any(axis=1), value), value, 0)


def propagate_weighted(graph, x, weight, normalize="symmetric", self_loops=1.0):
    """(A + s I) x for values x [batch, nodes, ...], where A holds a weight for each edge.

    `symmetric` multiplies by D^-1/2 on both sides and `mean` by D^-1 on the left, with the row sums
    D of A + s I. A node whose sum is not positive gets 0.
    """

    def added_up(x):
        sent = at_ends(x, graph.senders)
        return sum_of_edges(graph, present(weight, sent) * sent, x.shape[1]) + self_loops * x

    if normalize == "none":
        return added_up(x)
    degrees = sum_of_edges(graph, weight, x.shape[1]) + self_loops
    share = jnp.where(degrees > 0, 1 / jnp.where(degrees > 0, degrees, 1), 0)
    share = present(share, x)
    if normalize == "mean":
        return share * added_up(x)
    root = jnp.sqrt(share)
    return root * added_up(root * x)


class WeightedGraphConv(GraphConv):
    """A `GraphConv` whose edges count as much as a weight of theirs."""

    def __call__(self, x, graph, weight):
        """x is [batch, nodes, ..., n] and the weight [batch, edges]."""
        kernel = self.kernel[...]
        narrows = kernel.shape[1] < kernel.shape[0]
        if narrows:
            x = linear(x, kernel, dot_general=self.dot_general)
        x = propagate_weighted(graph, x, weight, self.normalize, self.self_loops)
        if not narrows:
            x = linear(x, kernel, dot_general=self.dot_general)
        return x if self.bias is None else x + jnp.expand_dims(self.bias[...], range(x.ndim - 1))
