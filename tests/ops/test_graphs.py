"""Layers along edges against sums over dense adjacency matrices, of padded graphs too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.testing.forms as forms
from graphc.core.registry import operations
from graphc.core.types import BATCH, NODES, TIME, Type
from graphc.data.edge_forms import matrices
from graphc.emit.library.graphs import Edges, sum_of_neighbours

KIND = Type((3,), domain=(BATCH, NODES))
OVER_TIME = Type((3,), domain=(BATCH, TIME, NODES))
# Of the two graphs the first has a node without edges (4) and a node with a loop (2); the second is
# directed, and has two nodes less and a node that none leads to (0).
GRAPHS = [
    (5, [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1), (3, 1), (1, 3), (2, 2)]),
    (3, [(0, 1), (0, 2), (1, 2)]),
]
LAYERS = {
    "gcn": ("graph_conv", {"features": 2}),
    "gcn that widens": ("graph_conv", {"features": 4, "activation": "tanh"}),
    "gcn of means": ("graph_conv", {"features": 2, "normalize": "mean"}),
    "gcn of sums": ("graph_conv", {"features": 2, "normalize": "none", "bias": False}),
    "gcn with wide loops": ("graph_conv", {"features": 2, "self_loops": 2.0}),
    "gcn without loops": ("graph_conv", {"features": 2, "self_loops": False}),
    "sage of means": ("sage_conv", {"features": 2}),
    "sage of the largest": ("sage_conv", {"features": 2, "aggregate": "max"}),
    "sage of sums": ("sage_conv", {"features": 2, "aggregate": "sum"}),
    "sage that pools": ("sage_conv", {"features": 2, "aggregate": "pool"}),
    "gin": ("gin_conv", {"epsilon": 0.3}),
    "gin that learns": ("gin_conv", {"epsilon": 0.3, "learned": True}),
    "chebyshev": ("chebyshev_conv", {"features": 2, "order": 4}),
    "chebyshev of one": ("chebyshev_conv", {"features": 2, "order": 1}),
    "gat": ("graph_attention", {"features": 2, "heads": 3}),
    "gat of means": ("graph_attention", {"features": 2, "heads": 3, "join": "mean"}),
    "gat without loops": ("graph_attention", {"features": 2, "heads": 2, "self_loops": False}),
}


def layer(name):
    word, attributes = LAYERS[name]
    activation = attributes.get("activation")
    more = {"activation": operations[activation]()} if activation else {}
    return operations[word](**(attributes | more))


def edges_of(pairs, padded=0, nodes=0):
    """Edges by receiver, and as many that pad the graph."""
    pairs = sorted(pairs, key=lambda pair: pair[::-1]) + [(nodes, nodes)] * padded
    return np.array(pairs, np.int32).reshape(-1, 2).T


def padded_batch(form="edges"):
    """Both graphs, with edges that pad them, as a batch; in the form of a matrix too."""
    most = max(count for count, _ in GRAPHS)
    length = max(len(pairs) for _, pairs in GRAPHS) + 2
    each = [edges_of(pairs, length - len(pairs), most) for _, pairs in GRAPHS]
    senders, receivers = np.stack(each, axis=1)
    matrix = jnp.asarray(matrices(senders, receivers, most)) if form == "matrix" else None
    return most, Edges(jnp.asarray(senders), jnp.asarray(receivers), matrix)


def adjacency(count, pairs):
    """1 in row i and column j where an edge leads from j to i."""
    a = np.zeros((count, count), np.float32)
    for sender, receiver in pairs:
        a[receiver, sender] += 1
    return jnp.asarray(a)


def reference(operation, arrays, x, a):
    """The value for one graph, x [nodes, n] and its dense adjacency."""
    kernel, bias = arrays.get("kernel"), arrays.get("bias", jnp.zeros(1))[None]
    name = operation.name
    if name == "gin_conv":
        return (1 + arrays.get("epsilon", operation.epsilon)) * x + a @ x
    if name == "graph_conv":
        a = a + float(operation.self_loops) * jnp.eye(len(a))
        y = scaled(a, operation.normalize) @ x @ kernel + bias
        return jnp.tanh(y) if operation.activation else y
    if name == "sage_conv":
        if operation.aggregate == "pool":
            pooled = x @ arrays["pool/kernel"] + arrays["pool/bias"][None]
            others = largest(a, jnp.maximum(pooled, 0))
        else:
            ways = {"mean": scaled(a, "mean") @ x, "sum": a @ x, "max": largest(a, x)}
            others = ways[operation.aggregate]
        return jnp.concatenate([x, others], axis=-1) @ kernel + bias
    if name == "chebyshev_conv":
        laplacian = -scaled(a, "symmetric")
        terms = [x, laplacian @ x]
        for _ in range(operation.order):
            terms.append(2 * laplacian @ terms[-1] - terms[-2])
        return jnp.concatenate(terms[: operation.order], axis=-1) @ kernel + bias
    return attended(operation, arrays, x, a) + bias


def scaled(a, how):
    if how == "none":
        return a
    degrees = a.sum(axis=1)
    share = jnp.where(degrees > 0, 1 / jnp.where(degrees > 0, degrees, 1), 0)
    return share[:, None] * a if how == "mean" else jnp.sqrt(jnp.outer(share, share)) * a


def largest(a, x):
    found = jnp.where(a[:, :, None] > 0, x[None], -jnp.inf).max(axis=1)
    return jnp.where(jnp.isneginf(found), 0, found)


def attended(operation, arrays, x, a):
    heads, width = operation.heads, operation.features
    h = (x @ arrays["kernel"]).reshape(len(x), heads, width)
    a = a + float(operation.self_loops) * jnp.eye(len(a))
    found = []
    for k in range(heads):
        scores = h[:, k] @ arrays["receiver"][k][:, None] + (h[:, k] @ arrays["sender"][k])[None]
        scores = jnp.where(scores > 0, scores, operation.negative_slope * scores)
        weights = a * jnp.exp(scores)  # an edge that is there twice counts twice
        total = weights.sum(axis=1, keepdims=True)
        found.append(weights / jnp.where(total > 0, total, 1) @ h[:, k])
    return sum(found) / heads if operation.join == "mean" else jnp.concatenate(found, axis=-1)


def module_and_arrays(operation, kind=KIND):
    """A module, in which nothing is 0 by chance, and its arrays by their paths."""
    module = forms.build(operation, [kind])
    variables = forms.arrays(module)
    draw = np.random.default_rng(1)
    for variable in variables.values():
        shape = variable.get_value().shape
        variable.set_value(jnp.asarray(draw.normal(size=shape), jnp.float32))
    arrays = {path: each.get_value() for path, each in variables.items()}
    return module, arrays


@pytest.mark.parametrize("form", ["edges", "matrix"])
@pytest.mark.parametrize("name", LAYERS)
def test_each_graph_of_a_padded_batch_is_what_dense_matrices_say(name, form):
    operation = layer(name)
    module, arrays = module_and_arrays(operation)
    most, graph = padded_batch(form)
    x = jnp.asarray(np.random.default_rng(2).normal(size=(2, most, 3)), jnp.float32)

    found = forms.call(operation, [KIND], [x], module, train=False, graph=graph)
    for i, (count, pairs) in enumerate(GRAPHS):
        expected = reference(operation, arrays, x[i, :count], adjacency(count, pairs))
        np.testing.assert_allclose(found[i, :count], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["edges", "matrix"])
@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_dense_matrices(name, form):
    operation = layer(name)
    module, arrays = module_and_arrays(operation)
    most, graph = padded_batch(form)
    x = jnp.asarray(np.random.default_rng(3).normal(size=(2, most, 3)), jnp.float32)

    def along_edges(x):
        found = forms.call(operation, [KIND], [x], module, train=False, graph=graph)
        return sum((found[i, :count] ** 2).sum() for i, (count, _) in enumerate(GRAPHS))

    def dense(x):
        return sum(
            (reference(operation, arrays, x[i, :count], adjacency(count, pairs)) ** 2).sum()
            for i, (count, pairs) in enumerate(GRAPHS)
        )

    found, expected = jax.grad(along_edges)(x), jax.grad(dense)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert not np.asarray(found[1, GRAPHS[1][0] :]).any()


@pytest.mark.parametrize("form", ["edges", "matrix"])
@pytest.mark.parametrize("name", ["gcn", "gat", "sage of the largest", "chebyshev"])
def test_each_step_over_the_nodes_is_a_value_of_its_own(name, form):
    operation = layer(name)
    module, _ = module_and_arrays(operation, OVER_TIME)
    most, graph = padded_batch(form)
    x = jnp.asarray(np.random.default_rng(4).normal(size=(2, 4, most, 3)), jnp.float32)

    found = forms.call(operation, [OVER_TIME], [x], module, train=False, graph=graph)
    for step in range(4):
        alone = forms.call(operation, [KIND], [x[:, step]], module, train=False, graph=graph)
        np.testing.assert_allclose(found[:, step], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("form", ["edges", "matrix"])
def test_what_pads_a_graph_may_be_no_number(form, number):
    most, graph = padded_batch(form)
    x = np.ones((2, most, 3), np.float32)
    expected = sum_of_neighbours(graph, jnp.asarray(x))
    x[1, GRAPHS[1][0] :] = number
    np.testing.assert_array_equal(sum_of_neighbours(graph, jnp.asarray(x)), expected)


def test_graphs_without_edges_are_nodes_alone():
    graph = Edges(jnp.zeros((1, 0), jnp.int32), jnp.zeros((1, 0), jnp.int32))
    x = jnp.ones((1, 3, 3))
    for name in LAYERS:
        operation = layer(name)
        module, arrays = module_and_arrays(operation)
        found = forms.call(operation, [KIND], [x], module, train=False, graph=graph)
        expected = reference(operation, arrays, x[0], jnp.zeros((3, 3)))
        np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-6)


def test_attention_drops_weights_only_while_training():
    operation = operations["graph_attention"](features=2, dropout=0.5)
    module, _ = module_and_arrays(operation)
    most, graph = padded_batch()
    x = jnp.ones((2, most, 3))

    def value(**options):
        return np.asarray(forms.call(operation, [KIND], [x], module, graph=graph, **options))

    assert (value(train=False, seed=1) == value(train=False, seed=2)).all()
    assert not (value(train=True, seed=1) == value(train=True, seed=2)).all()
