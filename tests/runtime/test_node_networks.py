"""Networks over the nodes of graphs, from their source to a trained run."""

import jax
import jax.numpy as jnp
import networkx
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.core.span import Source
from graphc.data.dataset import Form
from graphc.data.load import load
from graphc.ops.sources import GraphNpz
from graphc.runtime.use import prepared

CLUB = """graphc: 1
network:
  inputs: {features: [nodes, 34]}
  layers: [{graph_conv: {features: 4, activation: tanh}}, {graph_conv: 2}]
data: karate
train: {loss: cross_entropy, optimizer: {adam: 5e-2}, epochs: 40}
"""
PATH = np.array([[1, 0, 2, 1], [0, 1, 1, 2]], np.int32)  # 0 - 1 - 2


def network(text, **options):
    return gc.compile(Source("test", f"graphc: 1\n{text}"), **options)


def outputs(model, batch, seed=0):
    """The outputs of a model with weights away from 0."""
    module = model.module()
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(seed)), nnx.Param, ...)[1])
    draw = np.random.default_rng(seed)
    params = jax.tree.map(lambda each: each + draw.normal(0, 0.1, each.shape).astype("f"), params)
    statistics = nnx.to_pure_dict(nnx.state(module.build(jax.random.key(0)), nnx.BatchStat))
    return np.asarray(module.forward(params, statistics, batch, train=True, key=None)[0])


def edges(senders, receivers):
    return {"edges:senders": np.array(senders), "edges:receivers": np.array(receivers)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    model = gc.compile(Source("club.yaml", CLUB))
    return model.train(tmp_path_factory.mktemp("runs") / "club")


def test_a_club_is_learned_from_two_of_its_members(trained):
    assert trained.evaluate("test")["accuracy"] > 0.9
    assert trained.evaluate("train")["loss"] < 0.1


def test_a_run_predicts_on_another_graph_of_as_many_features(trained):
    club = networkx.karate_club_graph()
    pairs = np.array(club.edges).T
    x = np.eye(34, dtype=np.float32)[None]
    whole = trained.predict({"features": x, "edges": pairs})
    order = np.random.default_rng(0).permutation(34)
    place = np.argsort(order)
    renamed = trained.predict({"features": x[:, order], "edges": place[pairs]})
    np.testing.assert_allclose(renamed, whole[:, order], rtol=1e-4, atol=1e-5)
    few = trained.predict({"features": x[:, :5], "edges": [[0, 1], [2, 3]]})
    assert few.shape == (1, 5, 2)


def test_examples_may_have_their_edges_in_common(trained):
    pairs = np.array(networkx.karate_club_graph().edges).T
    x = np.eye(34, dtype=np.float32)[[range(34), range(33, -1, -1)]]
    both = trained.predict({"features": x, "edges": pairs})
    alone = trained.predict({"features": x[1:], "edges": pairs})
    np.testing.assert_allclose(both[1:], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "edges of the graph are missing"),
        ({"edges": [[0], [34]]}, "names the node 34, and there are 34"),
        ({"edges": [[0, -1], [1, 1]]}, "names the node -1"),
        ({"edges": [[0, 1, 2]]}, "is [1, 2, edges] of integers"),
        ({"edges": [[0.5], [1]]}, "is [1, 2, edges] of integers"),
        ({"edges": [["a"], ["b"]]}, "`edges` is [1, 2, edges] of integers, not [2, 1] of <U1"),
    ],
)
def test_edges_that_cannot_be_are_told(trained, given, words):
    with pytest.raises(gc.RunError, match="GC614") as caught:
        trained.predict({"features": np.eye(34)[None], **given})
    assert words in caught.value.diagnostics[0].message


def test_a_single_graph_may_stand_without_an_axis_of_examples(trained):
    club = networkx.karate_club_graph()
    whole = trained.predict({"features": np.eye(34)[None], "edges": np.array(club.edges).T})
    np.testing.assert_array_equal(trained.predict(gc.from_networkx(club)), whole)


def test_a_directed_graph_is_no_other_graph_of_a_run_on_one_that_is_not(trained):
    club = networkx.karate_club_graph().to_directed()
    with pytest.raises(gc.RunError, match="lead one way, and those of the run both ways"):
        trained.predict(gc.from_networkx(club))


def test_edges_that_are_left_out_of_another_graph_are_told(trained):
    edges = np.array([[0, 1, 1, 2], [1, 0, 0, 2]])
    with pytest.warns(UserWarning, match="1 that were there already and 1 of a node with itself"):
        trained.predict({"features": np.eye(34)[:3], "edges": edges[:, 1:]})
    with pytest.warns(UserWarning, match="out of `edges`: 1 of a node with itself"):
        trained.predict({"features": np.eye(34)[:3], "edges": edges[:, [0, 1, 3]]})


def test_the_report_shows_the_graph_and_what_is_said_of_it(trained):
    drawn = trained.graph_picture()
    assert drawn in (trained.path / "report.html").read_text()
    wrong = round((1 - trained.evaluate("test")["accuracy"]) * 32)
    assert f">wrong: {wrong}<" in drawn


@pytest.mark.parametrize("how", ["none", "standard", "rows"])
def test_another_graph_is_prepared_as_the_first_was(tmp_path, how):
    arrays = {
        "features": np.random.default_rng(4).normal(5, 3, (12, 2)),
        "edges": np.stack([np.arange(11), np.arange(1, 12)]),
        "kind": np.arange(12) % 2,
    }
    np.savez(tmp_path / "graph.npz", **arrays)
    first = load(GraphNpz(path="graph.npz", target="kind", normalize=how), str(tmp_path))
    form = Form.from_dict(first.as_dict())
    found = prepared(form, {"features": arrays["features"][:3], "edges": [[0], [1]]})
    np.testing.assert_array_equal(found["features"], first.splits["train"]["features"][:, :3])


def test_edges_that_were_directed_are_so_in_predictions(tmp_path):
    rows = "".join(f"{name},{kind},1\n" for name, kind in zip("abcd", "xyxy", strict=True))
    (tmp_path / "nodes.csv").write_text(f"name,kind,one\n{rows}")
    (tmp_path / "edges.csv").write_text("from,to\na,b\nb,c\n")
    (tmp_path / "spec.yaml").write_text("""graphc: 1
network:
  inputs: {features: [nodes, 1]}
  layers: [{graph_conv: {features: 2, normalize: none}}]
data:
  graph: {nodes: nodes.csv, edges: edges.csv, target: kind, directed: true, validation: 0, test: 0}
train: {loss: cross_entropy, epochs: 1}
""")
    run = gc.compile(tmp_path / "spec.yaml").train(tmp_path / "run")
    (first, second) = run.predict({"features": np.ones((1, 2, 1)), "edges": [[0], [1]]})[0]
    bias = run.weights()["graph_conv/bias"]
    np.testing.assert_allclose(second - bias, 2 * (first - bias), rtol=1e-4)


def test_only_nodes_that_count_are_in_the_loss_and_its_gradient():
    module = gc.compile(Source("club.yaml", CLUB)).module()
    outputs = jnp.asarray(np.random.default_rng(0).normal(size=(1, 3, 2)), jnp.float32)
    batch = {"label": jnp.array([[0, 1, 1]]), "nodes:counted": jnp.array([[True, False, True]])}

    def loss(outputs):
        totals = module.sums(outputs, batch)
        return totals["loss"], totals

    (_, totals), gradient = jax.value_and_grad(loss, has_aux=True)(outputs)
    assert totals["count"] == 2
    assert (np.abs(gradient).sum(axis=-1) > 0).tolist() == [[True, False, True]]


def test_an_absent_row_of_a_batch_counts_nowhere():
    module = gc.compile(Source("club.yaml", CLUB)).module()
    batch = {
        "label": jnp.zeros((2, 3), jnp.int32),
        "nodes:counted": jnp.ones((2, 3), bool),
        "mask": jnp.array([True, False]),
    }
    assert module.sums(jnp.ones((2, 3, 2)), batch)["count"] == 3


def test_graphs_of_different_size_are_what_each_is_alone():
    text = """network:
  inputs: {x: {shape: [nodes, 3], at_most: any}}
  layers: [{graph_conv: 4}, batch_norm, relu, {sage_conv: 2}, {mean: {over: nodes}}]
"""
    model = network(text.replace("batch_norm, ", ""))
    x = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32)
    ends = [[1, 0, 2, 1], [1, 0, 5, 5]], [[0, 1, 1, 2], [0, 1, 5, 5]]
    both = outputs(model, {"x": x, "nodes:length": np.array([5, 2]), **edges(*ends)})
    first = outputs(model, {"x": x[:1], **edges(ends[0][:1], ends[1][:1])})
    second = outputs(model, {"x": x[1:, :2], **edges([[1, 0]], [[0, 1]])})
    np.testing.assert_allclose(both, np.concatenate([first, second]), rtol=1e-4, atol=1e-5)

    normed = network(text)
    batch = {"x": x, "nodes:length": np.array([5, 2]), **edges(*ends)}
    other = batch | {"x": np.where(np.arange(5)[:, None] < np.array([[[5]], [[2]]]), x, 9 * x)}
    np.testing.assert_allclose(outputs(normed, batch), outputs(normed, other), rtol=1e-5)


def test_a_cycle_over_time_goes_along_the_edges_at_every_step():
    model = network("""network:
  inputs: {x: [time, nodes, 2]}
  nodes:
    h: {graph_conv: {features: 3, activation: tanh}, from: [x, h@t-1]}
    y: {last: {}, from: h}
  outputs: [h, y]
""")
    module = model.module()
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])
    x = np.random.default_rng(2).normal(size=(1, 4, 3, 2)).astype(np.float32)
    batch = {"x": x, **edges(PATH[:1], PATH[1:])}
    (states, last), _ = module.forward(params, {}, batch)

    a = np.eye(3) + np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    a = a / np.sqrt(np.outer(a.sum(axis=1), a.sum(axis=1)))
    (kernel,) = (np.asarray(each) for each in jax.tree.leaves(params) if each.ndim == 2)
    h = np.zeros((3, 3))
    for step in range(4):
        h = np.tanh(a @ np.concatenate([x[0, step], h], axis=1) @ kernel)
        np.testing.assert_allclose(states[0, step], h, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(last[0], h, rtol=1e-4, atol=1e-5)


def test_layers_in_blocks_and_repeats_are_given_the_graph():
    text = """blocks:
  layer: {params: {units: int}, layers: [{graph_conv: {features: $units, activation: tanh}}]}
network:
  inputs: {x: [nodes, 4]}
  layers: [{repeat: {times: 6, layers: [{layer: 4}]}}, {residual: [{gin_conv: 0.1}, {dense: 4}]}]
"""
    x = np.random.default_rng(3).normal(size=(1, 3, 4)).astype(np.float32)
    batch = {"x": x, **edges(PATH[:1], PATH[1:])}
    module, plain = network(text).module(), network(text, without=["roll"]).module()
    assert "scan_layers" in network(text).source
    found = [
        each.forward(
            nnx.to_pure_dict(nnx.split(each.build(jax.random.key(1)), nnx.Param, ...)[1]), {}, batch
        )[0]
        for each in (module, plain)
    ]
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_a_network_without_layers_along_edges_does_not_read_them():
    source = network("network: {inputs: {x: [nodes, 4]}, layers: [{dense: 2}]}\n").source
    assert "edges" not in source and "Edges" not in source
