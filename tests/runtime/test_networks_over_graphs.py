"""Networks over graphs of different size, from their source to a trained run."""

import json

import jax
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source
from graphc.data.graphs import alike, both_ways

SPEC = """graphc: 1
network:
  inputs: {x: [nodes, 2]}
  layers:
    - gin_conv: {learned: true}
    - dense: {features: 8, activation: relu}
    - graph_conv: {features: 8, normalize: mean, activation: relu}
    - graph_pool: mean
    - dense: 2
data: {graphs_npz: {path: g.npz, target: ring, inputs: [x], graph: owner, edges: bonds}}
train: {loss: cross_entropy, optimizer: {adam: 2e-2}, epochs: 30, batch_size: 8}
"""
LAYERS = """graphc: 1
network:
  inputs: {x: {shape: [nodes, 2], at_most: any}}
  nodes:
    first: {layers: [{gin_conv: {learned: true}}, {dense: 4}, batch_norm, relu], from: x}
    second: {graph_attention: {features: 2, heads: 2}, from: first}
    third: {sage_conv: {features: 3, aggregate: max}, from: second}
    heard: {concat: {}, from: [first, second, third]}
    score: {dense: 1, from: heard}
    read: sum(softmax(score, over=nodes) * heard, over=nodes)
    most: {graph_pool: max, from: heard}
    seen: {graph_pool: attention, from: heard}
    y: {dense: 2, from: [read, most, seen]}
  output: y
"""


def pairs_of(kind, nodes):
    """A ring, or a star: int [2, edges]."""
    if kind:
        return np.stack([np.arange(nodes), (np.arange(nodes) + 1) % nodes])
    return np.stack([np.zeros(nodes - 1, int), np.arange(1, nodes)])


def rings_and_stars(count, seed=0):
    """Arrays of a file."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(4, 10, count)
    starts, kinds = np.cumsum(sizes) - sizes, np.arange(count) % 2
    pairs = [pairs_of(*each) + start for *each, start in zip(kinds, sizes, starts, strict=True)]
    return {
        "x": np.ones((sizes.sum(), 2), np.float32),
        "owner": np.repeat(np.arange(count), sizes),
        "bonds": np.concatenate(pairs, axis=1),
        "ring": kinds,
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    np.savez(folder / "g.npz", **rings_and_stars(80))
    (folder / "spec.yaml").write_text(SPEC)
    return gc.compile(folder / "spec.yaml").train(folder / "run")


def padded(several, nodes, edges, fill):
    """A batch of graphs (x, pairs), with so many nodes and further edges that pad."""
    ends = alike([both_ways(pairs)[0] for _, pairs in several], nodes)
    ends = np.pad(ends, [(0, 0), (0, 0), (0, edges)], constant_values=nodes)
    x = [np.pad(x, [(0, nodes - len(x)), (0, 0)], constant_values=fill) for x, _ in several]
    return {
        "x": np.stack(x).astype(np.float32),
        "nodes:length": np.array([len(x) for x, _ in several], np.int32),
        "edges:senders": ends[:, 0],
        "edges:receivers": ends[:, 1],
    }


def test_padding_changes_no_value_no_statistic_and_no_gradient():
    module = gc.compile(Source("graphs.yaml", LAYERS)).module()
    draw = np.random.default_rng(1)
    _, params, statistics = nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)
    params, statistics = nnx.to_pure_dict(params), nnx.to_pure_dict(statistics)
    params = jax.tree.map(lambda each: each + draw.normal(0, 0.3, each.shape).astype("f"), params)
    several = [(draw.normal(size=(n, 2)), pairs_of(n % 2, n)) for n in (5, 3, 1, 6)]
    several[2] = (several[2][0], np.zeros((2, 0), int))

    def of(batch):
        def loss(params):
            outputs, moved = module.forward(params, statistics, batch, train=True, key=None)
            return (outputs**2).sum(), (outputs, moved)

        return jax.jit(jax.value_and_grad(loss, has_aux=True))(params)

    tight, wide = of(padded(several, 6, 0, 0.0)), of(padded(several, 9, 7, 5.0))
    for a, b in zip(jax.tree.leaves(tight), jax.tree.leaves(wide), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_a_file_of_graphs_is_learned_and_each_graph_is_answered_as_it_is_alone(run):
    assert run.evaluate("test")["accuracy"] > 0.9
    found = rings_and_stars(20, seed=1)
    row = {"x": found["x"], "graph": found["owner"], "edges": found["bonds"]}
    whole = run.predict(row)
    assert (whole.argmax(axis=-1) == found["ring"]).mean() > 0.9
    sizes = np.bincount(found["owner"])
    graphs = [
        (np.ones((n, 2)), pairs_of(kind, n)) for n, kind in zip(sizes, found["ring"], strict=True)
    ]
    x, edges = zip(*graphs, strict=True)
    np.testing.assert_allclose(run.predict({"x": list(x), "edges": list(edges)}), whole, rtol=1e-4)
    for place in (0, 7):
        alone = run.predict({"x": x[place][None], "edges": edges[place]})
        np.testing.assert_allclose(alone[0], whole[place], rtol=1e-4, atol=1e-6)
    order = np.random.default_rng(0).permutation(len(found["owner"]))
    mixed = {
        "x": found["x"],
        "graph": found["owner"][order],
        "edges": np.argsort(order)[found["bonds"]],
    }
    np.testing.assert_allclose(run.predict(mixed), whole, rtol=1e-4)


def test_a_larger_graph_than_any_of_the_training_is_answered(run):
    x = [np.ones((50, 2)), np.ones((4, 2))]
    found = run.predict({"x": x, "edges": [pairs_of(1, 50), pairs_of(0, 4)]})
    assert found.argmax(axis=-1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"edges": [[[0], [1]]]}, "not those of 1 graphs"),
        ({"edges": [[[0], [1]], [[2], [0]]]}, "of example 2 names the node 2, and there are 2"),
        ({"edges": [[[0], [1]], [[0, 1]]]}, "is [2, 2, edges] of integers, not [1, 2] of int64"),
        ({"edges": [[[0], [1]], [[0], [1, 1]]]}, "not lists of different length"),
        ({}, "the edges of the graph are missing"),
        ({"x": [np.ones((3, 2)), np.ones((0, 2))]}, "no list of graphs: one of them is empty"),
        ({"edges": [[], []], "graph": [0, 0, 1]}, "graphs in a row are integers"),
        ({"edges": [[0], [1]], "graph": [0, 0, 2, 2, 2]}, "belongs to the graph 1"),
        ({"edges": [[0], [1]], "graph": [0, 0, 1]}, "has a row for each node"),
    ],
)
def test_graphs_that_cannot_be_are_told(run, given, words):
    x = np.ones((5, 2)) if "graph" in given else [np.ones((3, 2)), np.ones((2, 2))]
    with pytest.raises(gc.RunError, match="GC614") as caught:
        run.predict({"x": x, **given})
    found = caught.value.diagnostics[0]
    assert words in f"{found.message}; {found.help}"


def test_the_command_line_takes_a_file_as_that_of_the_training_and_json(run, tmp_path, capsys):
    found = rings_and_stars(3, seed=2)
    np.savez(tmp_path / "new.npz", **found)
    graphs = [
        (np.ones((n, 2)), pairs_of(k, n))
        for n, k in zip(np.bincount(found["owner"]), (0, 1, 0), strict=True)
    ]
    text = {"x": [x.tolist() for x, _ in graphs], "edges": [each.tolist() for _, each in graphs]}
    (tmp_path / "new.json").write_text(json.dumps(text))
    answers = []
    for name in ("new.npz", "new.json"):
        assert main(["predict", str(run.path), str(tmp_path / name)]) in (0, None)
        answers.append(json.loads(capsys.readouterr().out))
    np.testing.assert_allclose(*answers, rtol=1e-4)
    assert np.shape(answers[0]) == (3, 2)


def test_nodes_of_graphs_of_different_size_are_learned(tmp_path):
    found = rings_and_stars(40)
    hub = np.concatenate([np.arange(n) == 0 for n in np.bincount(found["owner"])])
    found["hub"] = (hub & (found["ring"][found["owner"]] == 0)).astype(int)
    np.savez(tmp_path / "g.npz", **found)
    text = SPEC.replace("    - graph_pool: mean\n", "").replace("target: ring", "target: hub")
    text = text.replace("    - graph_conv: {features: 8, normalize: mean, activation: relu}\n", "")
    text = text.replace("epochs: 30", "epochs: 120")
    (tmp_path / "spec.yaml").write_text(text)
    run = gc.compile(tmp_path / "spec.yaml").train(tmp_path / "run")
    assert run.evaluate("test")["accuracy"] > 0.95
    nodes = run.predict(
        {"x": [np.ones((4, 2)), np.ones((6, 2))], "edges": [pairs_of(0, 4), pairs_of(1, 6)]}
    )
    assert nodes[0, :4].argmax(axis=-1).tolist() == [1, 0, 0, 0]
    assert nodes[1].argmax(axis=-1).tolist() == [0] * 6


def test_a_graph_that_is_larger_than_declared_is_told(tmp_path):
    np.savez(tmp_path / "g.npz", **rings_and_stars(20))
    text = SPEC.replace("x: [nodes, 2]", "x: {shape: [nodes, 2], at_most: 8}")
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(gc.RunError, match="GC531") as caught:
        gc.compile(tmp_path / "spec.yaml").dataset()
    assert "a graph of `x` in the train split has 9 nodes" in caught.value.diagnostics[0].message


@pytest.fixture
def dense_graphs(tmp_path):
    """A spec over graphs of 5 to 7 nodes, of which most pairs are joined."""
    draw = np.random.default_rng(0)
    sizes = draw.integers(5, 8, 40)
    starts = np.cumsum(sizes) - sizes
    pairs = [draw.integers(0, size, (2, 30)) + at for size, at in zip(sizes, starts, strict=True)]
    arrays = {
        "x": draw.normal(size=(sizes.sum(), 2)).astype(np.float32),
        "owner": np.repeat(np.arange(40), sizes),
        "bonds": np.concatenate(pairs, axis=1),
        "ring": np.arange(40) % 2,
    }
    np.savez(tmp_path / "g.npz", **arrays)
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return str(path)


def test_a_matrix_for_each_graph_gives_the_loss_and_the_slopes_of_edges_one_by_one(dense_graphs):
    model = gc.compile(dense_graphs, device="cpu")
    module, dataset = model.module(), model.dataset()
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])

    def slopes(arrays):
        def loss(params):
            return module.sums(module.forward(params, {}, arrays)[0], arrays)["loss"]

        return jax.jit(jax.value_and_grad(loss))(params)

    arrays = dataset.held["train"]
    assert "edges:matrix" in arrays
    found, expected = slopes(arrays), slopes(dataset.splits["train"])
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_explain_compile_names_the_form_of_sums(dense_graphs, capsys):
    def said(*more):
        assert main(["explain-compile", dense_graphs, *more]) == 0
        return capsys.readouterr().out

    assert "sums over edges: by a matrix of 7 x 7 pairs of nodes for each graph" in said()
    assert "sums over edges: one by one, for each example has edges" in said("--device", "gpu")
