"""Values at the nodes of graphs, which meet along edges."""

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.dropout import Dropout
from graphc.emit.library.keys import at
from graphc.emit.library.tied import linear


class Edges:
    """The edges of each graph of a batch: int [batch, edges], each from a sender to a receiver.

    Where all examples have the same they are [1, edges]. They are sorted by their receivers. Edges
    that pad a graph end behind all of its nodes, where nothing hears of them.

    Args:
        matrix: how many edges lead to each node from each other, see `sum_by_matrix`, where that is
            faster.
        tables: the first neighbours of each node, see `sum_by_table`, where that is faster, and the
            same for edges that lead the other way.
    """

    def __init__(self, senders, receivers, matrix=None, tables=None):
        self.senders, self.receivers = senders, receivers
        self.matrix, self.tables = matrix, tables


def edges_of(batch):
    """The edges of the graphs of a batch: one of each example, or one for all of them."""
    if "edges:senders" in batch:
        ends = (batch[f"edges:{end}"] for end in ("senders", "receivers"))
        return Edges(*ends, batch.get("edges:matrix"))
    ends = (batch[f"graph:{end}"][None] for end in ("senders", "receivers"))
    if "graph:matrix" in batch:
        return Edges(*ends, batch["graph:matrix"][None])
    tables = tuple(
        tuple(batch[f"graph:{way}:{part}"] for part in ("first", "senders", "receivers"))
        for way in ("into", "out_of")
        if f"graph:{way}:first" in batch
    )
    return Edges(*ends, tables=tables or None)


def by_graph(function, x, ends):
    """The function of each example and the ends of its edges, or of those that all share."""
    if ends.shape[0] == 1:
        return jax.vmap(lambda x: function(x, ends[0]))(x)
    return jax.vmap(function)(x, ends)


def at_ends(x, ends):
    """What the nodes at the ends of edges hold: x [batch, nodes, ...] as [batch, edges, ...]."""
    return by_graph(lambda x, ends: x.at[ends].get(mode="clip"), x, ends)


def sum_of_edges(graph, x, nodes):
    """The sum over the edges that reach each node: [batch, edges, ...] as [batch, nodes, ...]."""

    def of_one(x, receivers):
        return jax.ops.segment_sum(x, receivers, nodes, indices_are_sorted=True)

    return by_graph(of_one, x, graph.receivers)


def max_of_edges(graph, x, nodes):
    """The largest of the edges that reach each node, as `sum_of_edges`; -inf where none does."""

    def of_one(x, receivers):
        return jax.ops.segment_max(x, receivers, nodes, indices_are_sorted=True)

    return by_graph(of_one, x, graph.receivers)


def sum_of_neighbours(graph, x):
    """The sum over the nodes from which edges lead to a node: x [batch, nodes, ...]."""
    if graph.matrix is not None:
        return sum_by_matrix(graph.matrix, x)
    if graph.tables is not None:
        return sum_by_tables(graph.tables, x)
    return sum_of_edges(graph, at_ends(x, graph.senders), x.shape[1])


def sum_by_matrix(matrix, x):
    """The product with a matrix of edges, [batch, nodes, nodes], or [1, nodes, nodes] for all.

    Where many pairs of nodes are joined, a product is faster than a sum edge by edge. What a node
    holds that says nothing, as one that pads a graph, is left out: it may be no number.
    """
    says = jnp.expand_dims(jnp.any(matrix, axis=1), range(2, x.ndim))
    return by_graph(
        lambda x, matrix: jnp.tensordot(matrix.astype(x.dtype), x, 1), jnp.where(says, x, 0), matrix
    )


def sum_by_tables(tables, x):
    """`sum_of_neighbours` by the tables of edges that lead into each node, and out of it.

    The gradient is the sum over the edges that lead the other way.
    """

    @jax.custom_vjp
    def total(tables, x):
        return sum_by_table(tables[0], x)

    total.defvjp(
        lambda tables, x: (sum_by_table(tables[0], x), tables[1]),
        lambda other_way, wanted: (None, sum_by_table(other_way, wanted)),
    )
    return total(tables, x)


def sum_by_table(table, x):
    """The sum over the first neighbours of every node, [most, nodes], and the edges left over.

    To add up the rows of a table takes a fraction of the time that adding every edge to its
    receiver does. The places of a row that are left over say the number behind the last node.
    """
    first, senders, receivers = table
    padded = jnp.concatenate([x, jnp.zeros_like(x[:, :1])], axis=1)
    total = jnp.zeros_like(x)
    for neighbours in first:
        total += padded.at[:, neighbours].get(mode="promise_in_bounds")
    return total.at[:, receivers].add(x[:, senders], indices_are_sorted=True)


def max_of_neighbours(graph, x):
    """The largest numbers of those nodes; 0 where there are none."""
    most = max_of_edges(graph, at_ends(x, graph.senders), x.shape[1])
    return jnp.where(jnp.isneginf(most), 0, most)


def propagate(graph, x, normalize="symmetric", self_loops=1.0):
    """(A + s I) x for values x [batch, nodes, ...], the edges A and the weight s of `self_loops`.

    `symmetric` multiplies by D^-1/2 on both sides and `mean` by D^-1 on the left, with the row sums
    D of A + s I. A node that hears of none, not even itself, gets 0.
    """
    if normalize == "none":
        return sum_of_neighbours(graph, x) + self_loops * x
    ones = jnp.ones((graph.receivers.shape[0], x.shape[1]), x.dtype)
    degrees = sum_of_neighbours(graph, ones) + self_loops
    share = jnp.where(degrees > 0, 1 / jnp.where(degrees > 0, degrees, 1), 0)
    share = jnp.expand_dims(share, range(2, x.ndim))
    if normalize == "mean":
        return share * (sum_of_neighbours(graph, x) + self_loops * x)
    root = jnp.sqrt(share)
    x = root * x
    return root * (sum_of_neighbours(graph, x) + self_loops * x)


def with_neighbours(graph, x, aggregate="mean"):
    """What a node holds and beside it the mean, the largest or the sum of its neighbours."""
    if aggregate == "max":
        others = max_of_neighbours(graph, x)
    else:
        others = propagate(graph, x, "none" if aggregate == "sum" else aggregate, 0.0)
    return jnp.concatenate([x, others], axis=-1)


def chebyshev(graph, x, order):
    """The Chebyshev polynomials T_0 x, T_1 x, ... of -D^-1/2 A D^-1/2, `order` of them in a row.

    T_k = 2 L T_(k-1) - T_(k-2), where L is the Laplacian of the graph, which has eigenvalues from 0
    to 2, less 1.
    """
    terms = [x, -propagate(graph, x, self_loops=0.0)][:order]
    while len(terms) < order:
        terms.append(-2 * propagate(graph, terms[-1], self_loops=0.0) - terms[-2])
    return jnp.concatenate(terms, axis=-1)


class GraphConv(nnx.Linear):
    """`propagate(x) @ kernel + bias`: a linear layer over a node and its neighbours.

    What comes along the edges is as narrow as it can be: the product with the kernel is made before
    where it has fewer features than the input.
    """

    def __init__(self, *sizes, normalize="symmetric", self_loops=1.0, **options):
        """The sizes and `options` are those of `nnx.Linear`."""
        super().__init__(*sizes, **options)
        self.normalize, self.self_loops = normalize, self_loops

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        kernel = self.kernel[...]
        narrows = kernel.shape[1] < kernel.shape[0]
        if narrows:
            x = linear(x, kernel, dot_general=self.dot_general)
        x = propagate(graph, x, self.normalize, self.self_loops)
        if not narrows:
            x = linear(x, kernel, dot_general=self.dot_general)
        return x if self.bias is None else x + jnp.expand_dims(self.bias[...], range(x.ndim - 1))


class Isomorphism(nnx.Module):
    """`(1 + epsilon) * x + sum_of_neighbours(x)` with a learned epsilon."""

    def __init__(self, epsilon):
        self.epsilon = nnx.Param(jnp.full((), epsilon))

    def __call__(self, x, graph):
        """x is [batch, nodes, ..., n]."""
        return propagate(graph, x, "none", 1 + self.epsilon[...])


class GraphAttention(nnx.Linear):
    """Each node takes the mean of its neighbours and itself, with weights that depend on both."""

    def __init__(
        self,
        in_features,
        features,
        *,
        heads=1,
        join="concat",
        negative_slope=0.2,
        dropout=0.0,
        self_loops=True,
        use_bias=True,
        bias_init=nnx.initializers.zeros,
        rngs,
        **options,
    ):
        """The `options` are those of `nnx.Linear`."""
        key = rngs.params()
        rngs = nnx.Rngs(at(key, "kernel"))
        super().__init__(in_features, heads * features, use_bias=False, rngs=rngs, **options)
        # Together the two are a kernel that maps a pair of nodes to a number, for each head.
        ends = [at(key, name) for name in ("sender", "receiver")]
        init = nnx.initializers.glorot_uniform()
        self.sender, self.receiver = (nnx.Param(init(each, (heads, features))) for each in ends)
        width = heads * features if join == "concat" else features
        self.bias = nnx.Param(bias_init(at(key, "bias"), (width,))) if use_bias else None
        self.heads, self.join, self.self_loops = heads, join, self_loops
        self.negative_slope = negative_slope
        self.drop = Dropout(dropout)

    def __call__(self, x, graph, *, train=False, key=None):
        """x is [batch, nodes, ..., n]."""
        x = linear(x, self.kernel[...], dot_general=self.dot_general)
        x = x.reshape(*x.shape[:-1], self.heads, -1)
        ends = (end[...] for end in (self.sender, self.receiver))
        sent, received = (
            jnp.sum(x * jnp.expand_dims(end, range(x.ndim - 2)), axis=-1) for end in ends
        )
        scores = at_ends(sent, graph.senders) + at_ends(received, graph.receivers)
        own = nnx.leaky_relu(sent + received, self.negative_slope) if self.self_loops else None
        scores = nnx.leaky_relu(scores, self.negative_slope)
        weights, own = softmax_of_edges(graph, scores, own, x.shape[1])
        weights = self.drop(weights, deterministic=not train, rngs=at(key, "edges"))
        y = sum_of_edges(graph, weights[..., None] * at_ends(x, graph.senders), x.shape[1])
        if own is not None:
            y += self.drop(own, deterministic=not train, rngs=at(key, "nodes"))[..., None] * x
        y = jnp.mean(y, axis=-2) if self.join == "mean" else jax.lax.collapse(y, y.ndim - 2)
        return y if self.bias is None else y + jnp.expand_dims(self.bias[...], range(y.ndim - 1))


def softmax_of_edges(graph, scores, own, nodes):
    """The weights of the edges that reach a node, and its own, whose sum at each node is 1.

    `scores` is [batch, edges, ...] and `own` [batch, nodes, ...], or None where a node does not
    count itself.
    """
    most = max_of_edges(graph, scores, nodes)
    most = jnp.where(jnp.isneginf(most), 0, most) if own is None else jnp.maximum(most, own)
    most = jax.lax.stop_gradient(most)  # what is taken from all changes nothing
    there = jnp.expand_dims(graph.receivers < nodes, range(2, scores.ndim))
    scores = jnp.where(there, scores - at_ends(most, graph.receivers), -jnp.inf)
    scores, own = jnp.exp(scores), None if own is None else jnp.exp(own - most)
    total = sum_of_edges(graph, scores, nodes) + (0 if own is None else own)
    total = jnp.where(total > 0, total, 1)
    return scores / at_ends(total, graph.receivers), None if own is None else own / total
