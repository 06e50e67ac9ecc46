"""Values at edges against dense arrays [receivers, senders], of padded graphs too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.testing.forms as forms
from graphc.core.registry import operations
from graphc.core.types import BATCH, EDGES, NODES, TIME, Type
from graphc.emit.library.graphs import Edges
from graphc.emit.library.values_at_edges import ValuedEdges

NODE = Type((3,), domain=(BATCH, NODES))
EDGE = Type((2,), domain=(BATCH, EDGES))
WEIGHT = Type((), domain=(BATCH, EDGES))
# Of the first graph no edge leads to the node 3; the second has two nodes less; the third no edge.
GRAPHS = [
    (5, [(1, 0), (4, 0), (0, 1), (2, 1), (3, 1), (0, 2), (1, 4)]),
    (3, [(1, 0), (0, 1), (2, 1), (1, 2)]),
    (2, []),
]
MOST, LONGEST = 5, 9
SUMMARIES = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "std": np.std,
    "norm": lambda x, axis: np.sqrt(np.sum(x**2, axis=axis)),
}


def batch():
    """The graphs as a batch, of which each is padded with edges to no node."""
    padded = [pairs + [(MOST, MOST)] * (LONGEST - len(pairs)) for _, pairs in GRAPHS]
    senders, receivers = np.moveaxis(np.array(padded, np.int32), -1, 0)
    return ValuedEdges(Edges(jnp.asarray(senders), jnp.asarray(receivers)), MOST)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(len(GRAPHS), *shape)).astype(np.float32)


def value(name, kinds, *arrays, module=None, graph=None, **attributes):
    operation = operations[name](**attributes)
    arrays = [jnp.asarray(each) for each in arrays]
    return forms.call(operation, kinds, arrays, module, train=False, graph=graph or batch())


def each_edge():
    for graph, (_, pairs) in enumerate(GRAPHS):
        for place, (sender, receiver) in enumerate(pairs):
            yield graph, place, sender, receiver


def arriving(how, x, graph, node):
    """What is made of the edges that reach a node, from their values [edges, ...] of a graph."""
    places = [i for i, (_, receiver) in enumerate(GRAPHS[graph][1]) if receiver == node]
    found = x[graph, places]
    return getattr(np, how)(found, axis=0) if places else np.zeros(x.shape[2:])


def test_each_edge_has_what_its_ends_hold():
    x = draw(MOST, 3)
    sent, received = (value(name, [NODE], x) for name in ("senders", "receivers"))
    for graph, place, sender, receiver in each_edge():
        assert (sent[graph, place] == x[graph, sender]).all()
        assert (received[graph, place] == x[graph, receiver]).all()


def test_edges_that_pad_a_graph_have_the_ends_of_its_last_edge():
    x = draw(MOST, 3)
    sent = np.asarray(value("senders", [NODE], x))
    for graph, (_, pairs) in enumerate(GRAPHS[:2]):
        last = len(pairs) - 1
        assert (sent[graph, last:] == sent[graph, last]).all()


@pytest.mark.parametrize("how", ["sum", "mean", "max"])
def test_each_node_has_what_arrives_and_0_where_nothing_does(how):
    x = draw(LONGEST, 2)
    found = value("aggregate", [EDGE], x, how=how)
    for graph, (count, _) in enumerate(GRAPHS):
        for node in range(count):
            expected = arriving(how, x, graph, node)
            np.testing.assert_allclose(found[graph, node], expected, rtol=1e-5, atol=1e-6)


def test_weights_of_the_edges_to_a_node_add_up_to_1():
    x = draw(LONGEST, 2)
    found = np.asarray(value("edge_softmax", [EDGE], x))
    exps = np.exp(x)
    for graph, place, _, receiver in each_edge():
        expected = exps[graph, place] / arriving("sum", exps, graph, receiver)
        np.testing.assert_allclose(found[graph, place], expected, rtol=1e-5)


def test_weights_of_large_scores_are_numbers():
    found = np.asarray(value("edge_softmax", [EDGE], 1e4 * draw(LONGEST, 2)))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_value_over_edges_counts_those_that_are_there(name):
    x = draw(LONGEST, 2)
    found = value(name, [EDGE], x, over="edges")
    for graph, (_, pairs) in enumerate(GRAPHS):
        own = x[graph, : len(pairs)]
        expected = SUMMARIES[name](own, axis=0) if pairs else 0
        np.testing.assert_allclose(found[graph], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        *(("aggregate", {"how": how}) for how in ("sum", "mean", "max")),
        ("edge_softmax", {}),
        *((name, {"over": "edges"}) for name in SUMMARIES),
    ],
)
def test_edges_that_pad_a_graph_change_no_value_and_no_gradient(name, attributes):
    kept = np.array([[i < len(pairs) for i in range(LONGEST)] for _, pairs in GRAPHS])[..., None]
    x = draw(LONGEST, 2)
    other = np.where(kept, x, 1e3 * draw(LONGEST, 2, seed=1))
    nodes = np.array([[i < count for i in range(MOST)] for count, _ in GRAPHS])[..., None]

    def total(x):
        found = value(name, [EDGE], x, **attributes)
        counts = {"aggregate": nodes, "edge_softmax": kept}.get(name, True)
        return jnp.sum(jnp.square(found), where=counts)

    (one, slopes), (same, slopes_too) = (
        jax.value_and_grad(total)(jnp.asarray(each)) for each in (x, other)
    )
    np.testing.assert_allclose(one, same, rtol=1e-5)
    np.testing.assert_allclose(slopes, slopes_too, rtol=1e-4, atol=1e-6)
    assert not np.where(kept, 0, slopes).any()


def test_what_is_a_number_for_each_edge_has_a_slope_whatever_pads_the_graph():
    def total(x):
        apart = value("senders", [NODE], x) - value("receivers", [NODE], x)
        found = value("aggregate", [Type((3,), domain=(BATCH, EDGES))], 1 / apart)
        return jnp.sum(found)

    assert np.isfinite(jax.grad(total)(jnp.asarray(draw(MOST, 3)))).all()


def test_values_at_every_step_are_those_of_each_step():
    over_time = Type((3,), domain=(BATCH, TIME, NODES))
    x = draw(4, MOST, 3)
    found = value("senders", [over_time], x)
    back = value("aggregate", [Type((3,), domain=(BATCH, TIME, EDGES))], found)
    for step in range(4):
        alone = value("senders", [NODE], x[:, step])
        np.testing.assert_array_equal(found[:, step], alone)
        expected = value("aggregate", [Type((3,), domain=(BATCH, EDGES))], alone)
        np.testing.assert_allclose(back[:, step], expected, rtol=1e-6)


@pytest.mark.parametrize("rows", [None, np.array([True, True, False])])
def test_edges_that_all_examples_share_are_those_of_each(rows):
    senders, receivers = np.array(GRAPHS[0][1], np.int32).T
    rows = None if rows is None else jnp.asarray(rows)
    shared, own = (
        ValuedEdges(Edges(jnp.asarray(one), jnp.asarray(other)), MOST, rows)
        for one, other in (
            (senders[None], receivers[None]),
            (np.tile(senders, (3, 1)), np.tile(receivers, (3, 1))),
        )
    )
    x, held = draw(MOST, 3), draw(len(senders), 2)
    values = [
        *(("senders", NODE, x, {}), ("receivers", NODE, x, {}), ("edge_softmax", EDGE, held, {})),
        *(("aggregate", EDGE, held, {"how": how}) for how in ("sum", "mean", "max")),
        *((name, EDGE, held, {"over": "edges"}) for name in SUMMARIES),
    ]
    for name, kind, array, attributes in values:
        found, expected = (
            value(name, [kind], array, graph=graph, **attributes) for graph in (shared, own)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def dense(graph, weight):
    """The weighted adjacency of one graph: a row for each receiver."""
    count, pairs = GRAPHS[graph]
    a = np.zeros((count, count), np.float32)
    for place, (sender, receiver) in enumerate(pairs):
        a[receiver, sender] += weight[graph, place]
    return a


def scaled(a, how):
    if how == "none":
        return a
    degrees = a.sum(axis=1)
    share = np.where(degrees > 0, 1 / np.where(degrees > 0, degrees, 1), 0)
    return share[:, None] * a if how == "mean" else np.sqrt(np.outer(share, share)) * a


@pytest.mark.parametrize("how", ["symmetric", "mean", "none"])
@pytest.mark.parametrize("features", [2, 4])
@pytest.mark.parametrize("loops", [True, False, 2.0])
def test_a_convolution_with_weights_is_that_of_a_dense_adjacency(how, features, loops):
    kinds = [NODE, WEIGHT]
    operation = operations["graph_conv"](features=features, normalize=how, self_loops=loops)
    module = forms.build(operation, kinds)
    kernel = np.asarray(module.kernel[...])
    x, weight = draw(MOST, 3), np.abs(draw(LONGEST, seed=2))
    arrays = [jnp.asarray(x), jnp.asarray(weight)]
    found = forms.call(operation, kinds, arrays, module, train=False, graph=batch())
    for graph, (count, _) in enumerate(GRAPHS):
        a = scaled(dense(graph, weight) + float(loops) * np.eye(count, dtype=np.float32), how)
        expected = a @ x[graph, :count] @ kernel
        np.testing.assert_allclose(found[graph, :count], expected, rtol=1e-4, atol=1e-5)


def test_weights_of_1_change_nothing():
    operation = operations["graph_conv"](features=2)
    weighted, plain = forms.build(operation, [NODE, WEIGHT]), forms.build(operation, [NODE, None])
    x = jnp.asarray(draw(MOST, 3))
    ones = jnp.ones((len(GRAPHS), LONGEST))
    found = forms.call(operation, [NODE, WEIGHT], [x, ones], weighted, graph=batch())
    expected = forms.call(operation, [NODE, None], [x], plain, graph=batch())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_weights_are_learned_from():
    operation = operations["graph_conv"](features=2)
    module = forms.build(operation, [NODE, WEIGHT])
    x, weight = jnp.asarray(draw(MOST, 3)), jnp.ones((len(GRAPHS), LONGEST))

    def total(weight):
        found = forms.call(operation, [NODE, WEIGHT], [x, weight], module, graph=batch())
        return jnp.sum(jnp.square(found))

    slopes = np.asarray(jax.grad(total)(weight))
    for graph, (_, pairs) in enumerate(GRAPHS):
        assert slopes[graph, : len(pairs)].all()
        assert not slopes[graph, len(pairs) :].any()
