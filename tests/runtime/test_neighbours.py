"""Training on neighbours that are drawn, from the draw to a trained run."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.api.prepared import Keeping
from graphc.core.span import Source
from graphc.data.neighbours import SEEDS, by_node
from graphc.emit.library.graphs import edges_of, max_of_neighbours, propagate
from graphc.emit.library.sampled import drawn_trees, graph_of, max_of_drawn, propagate_drawn

CLUB = """graphc: 1
network:
  inputs: {features: [nodes, 34]}
  layers: [{sage_conv: {features: 8, activation: relu}}, {dropout: 0.1}, {sage_conv: 2}]
data: karate
train:
  loss: cross_entropy
  optimizer: {adam: 2e-2}
  epochs: 60
  batch_size: 2
  neighbours: [4, 3]
"""
LAYERS = {
    "convolutions": """
    - graph_conv: {features: 5, activation: tanh}
    - graph_conv: {features: 5, normalize: mean, self_loops: 2}
    - graph_conv: {features: 2, normalize: none, self_loops: false}""",
    "sage": """
    - sage_conv: 4
    - sage_conv: {features: 4, aggregate: sum}
    - sage_conv: {features: 3, aggregate: max}
    - sage_conv: {features: 2, aggregate: pool}""",
    "attention": """
    - gin_conv: 0.5
    - graph_attention: {features: 3, heads: 2}
    - gin_conv: {learned: true}
    - graph_attention: {features: 2, heads: 3, join: mean, self_loops: false}""",
    "blocks": """
    - dense: 4
    - residual: [{graph_conv: 4}, relu]
    - batch_norm
    - repeat: {times: 4, layers: [{sage_conv: 4}, relu]}
    - dense: 2""",
}
JUMPS = """
    first: {graph_conv: {features: 4, activation: relu}, from: features}
    beside: {graph_conv: {features: 3}, from: features}
    second: {deeper: {}, from: {near: first, x: features}}
    all: {concat: {}, from: [features, first, second, beside]}
    y: {dense: 2, from: all}
"""
BLOCK = """blocks:
  deeper:
    inputs: {near: any, x: any}
    nodes:
      heard: {sage_conv: 4, from: near}
      both: {concat: {}, from: [heard, x]}
    output: both
"""


def arrays_of(nodes, edges, width=34, seed=0):
    """A split of one graph of which all nodes count, with edges sorted by receivers."""
    edges = np.array(edges, np.int32).reshape(-1, 2).T
    edges = edges[:, np.lexsort(edges)]
    draw = np.random.default_rng(seed)
    return {
        "features": draw.normal(size=(1, nodes, width)).astype(np.float32),
        "label": draw.integers(0, 2, (1, nodes)).astype(np.int32),
        "nodes:counted": np.ones((1, nodes), bool),
        "edges:senders": edges[:1],
        "edges:receivers": edges[1:],
    }


def batch_of(arrays, seeds=None, absent=0):
    found = by_node(arrays, ["features", "label"])
    seeds = found[SEEDS] if seeds is None else np.array(seeds, np.int32)
    mask = np.arange(len(seeds)) < len(seeds) - absent
    return jax.tree.map(jnp.asarray, {**found, SEEDS: seeds, "mask": mask})


def params_of(module, seed=0):
    state = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(seed)), nnx.Param, ...)[1])
    draw = np.random.default_rng(seed)
    return jax.tree.map(lambda each: each + draw.normal(0, 0.1, each.shape).astype("f"), state)


def statistics_of(module):
    return nnx.to_pure_dict(nnx.state(module.build(jax.random.key(0)), nnx.BatchStat))


@partial(jax.jit, static_argnums=1)
def drawn(batch, size):
    """A batch with so many neighbours of each of its nodes, without a further level."""
    return drawn_trees(batch, ("features",), "label", (size,), jax.random.key(0))


SMALL = arrays_of(6, [(0, 1), (2, 1), (3, 1), (4, 1), (1, 2), (5, 2), (2, 0)], 3)


def test_each_neighbour_is_drawn_as_often_as_the_others_and_no_other_node():
    batch = batch_of(SMALL, [1] * 3000)
    found = drawn(batch, 5)
    features = np.asarray(found["features"])[0, 3000:, 0]
    counts = [(features == each).sum() for each in SMALL["features"][0, :, 0]]
    assert counts[1] == counts[5] == 0 and sum(counts) == 15_000
    np.testing.assert_allclose(np.array(counts)[[0, 2, 3, 4]], 3750, rtol=0.05)


def test_a_node_with_few_neighbours_draws_as_many_and_one_with_none_hears_nothing():
    batch = batch_of(SMALL, [0, 3])
    found = drawn(batch, 4)
    graph = graph_of(found, (4,))
    heard = propagate_drawn(graph, found["features"], "none", 0.0)
    np.testing.assert_allclose(heard[0, 0], SMALL["features"][0, 2], rtol=1e-6)
    assert not heard[0, 1].any() and not max_of_drawn(graph, found["features"])[0, 1].any()
    assert found["nodes:degrees"][:2].tolist() == [1, 0]


def test_the_mean_of_many_draws_is_what_the_whole_graph_gives():
    ways = [(how, loops) for how in ("symmetric", "mean", "none") for loops in (0.0, 1.0)]
    x, batch = jnp.asarray(SMALL["features"]), batch_of(SMALL)
    whole = jnp.stack([propagate(edges_of(SMALL), x, *way)[0] for way in ways])

    def estimate(key):
        found = drawn_trees(batch, ("features",), "label", (3,), key)
        graph = graph_of(found, (3,))
        return jnp.stack([propagate_drawn(graph, found["features"], *way)[0] for way in ways])

    several = jax.jit(jax.vmap(estimate))(jax.random.split(jax.random.key(1), 4000))
    spread = np.asarray(several.std(axis=0))
    assert (np.abs(several.mean(axis=0) - whole) < 4.5 * spread / np.sqrt(4000) + 1e-5).all()
    assert spread[:, 1].min() > 0.05  # the node with four neighbours


def test_the_largest_of_many_draws_is_the_largest_of_all():
    batch = batch_of(SMALL)
    found = drawn(batch, 64)
    whole = max_of_neighbours(edges_of(SMALL), jnp.asarray(SMALL["features"]))
    most = max_of_drawn(graph_of(found, (64,)), found["features"])
    np.testing.assert_allclose(most, whole, rtol=1e-6)


def networks():
    inputs = "  inputs: {features: [nodes, 34]}\n"
    chains = {name: f"network:\n{inputs}  layers:{text}\n" for name, text in LAYERS.items()}
    return {**chains, "jumps": f"{BLOCK}network:\n{inputs}  nodes:{JUMPS}  output: y\n"}


HOPS = {"convolutions": 3, "sage": 4, "attention": 4, "blocks": 5, "jumps": 2}


@pytest.mark.parametrize("name", networks())
def test_where_a_node_has_one_neighbour_what_is_drawn_is_the_whole_graph(name):
    """With one neighbour each there is nothing to choose; one node has none, and one is alone."""
    text = f"graphc: 1\n{networks()[name]}data: karate\ntrain: {{loss: cross_entropy"
    sizes = [2] * HOPS[name]
    drawing = gc.compile(Source("x.yaml", f"{text}, neighbours: {sizes}}}\n")).module()
    plain = gc.compile(Source("x.yaml", f"{text}}}\n"), without=["roll"]).module()
    arrays = arrays_of(7, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
    seeds, counted = [5, 0, 6, 2], np.zeros((1, 7), bool)
    counted[0, seeds] = True
    statistics = statistics_of(drawing)

    def loss(params, module, batch):
        outputs, _ = module.forward(params, statistics, batch)
        totals = module.sums(outputs, batch)
        return totals["loss"] / totals["count"], outputs

    @jax.jit
    def found(params):
        batch = drawing.draw_neighbours(batch_of(arrays, seeds), jax.random.key(3))
        whole = {**arrays, "nodes:counted": counted}
        return [
            jax.grad(loss, has_aux=True)(params, module, batch)
            for module, batch in ((plain, whole), (drawing, batch), (drawing, whole))
        ]

    (slopes, whole), (drawn_slopes, few), (_, same) = found(params_of(drawing))
    np.testing.assert_allclose(same, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(few[0], whole[0, seeds], rtol=1e-4, atol=1e-5)
    for one, other in zip(*map(jax.tree.leaves, (drawn_slopes, slopes)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_evaluation_is_that_of_the_same_network_without_neighbours():
    drawing = gc.compile(Source("club.yaml", CLUB))
    plain = gc.compile(Source("club.yaml", CLUB.replace("  neighbours: [4, 3]\n", "")))
    data = plain.dataset().held["test"]
    state = {"params": params_of(plain.module()), "statistics": {}}
    one, other = (jax.jit(each.module().evaluate_step)(state, data) for each in (drawing, plain))
    assert all((one[name] == other[name]).all() for name in one)


def test_the_loss_is_that_of_the_nodes_of_the_batch_alone():
    module = gc.compile(Source("club.yaml", CLUB)).module()
    arrays = arrays_of(5, [(0, 1), (1, 2), (2, 3)])
    batch = batch_of(arrays, [3, 2, 1, -1], absent=1)
    found = jax.jit(module.draw_neighbours)(batch, jax.random.key(0))
    outputs, _ = jax.jit(module.forward)(params_of(module), {}, found)
    assert outputs.shape == (1, 4, 2) and found["features"].shape == (1, 4 * 17, 34)
    assert module.sums(outputs, found)["count"] == 3
    np.testing.assert_array_equal(found["label"][0, :3], arrays["label"][0, [3, 2, 1]])
    state = module.init(jax.random.key(0))
    after, totals = jax.jit(module.train_step)(
        state, batch | {"mask": jnp.zeros(4, bool)}, jax.random.key(0)
    )
    assert totals["count"] == 0
    for one, other in zip(
        *(jax.tree.leaves(each["params"]) for each in (state, after)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_graph_without_edges_is_drawn_from_too():
    batch = batch_of(arrays_of(3, [], 2))
    found = drawn(batch, 2)
    heard = propagate_drawn(graph_of(found, (2,)), found["features"], "mean", 1.0)
    np.testing.assert_array_equal(heard, found["features"][:, :3])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return gc.compile(Source("club.yaml", CLUB)).train(tmp_path_factory.mktemp("runs") / "club")


def test_a_club_is_learned_from_what_is_drawn(trained):
    assert trained.evaluate("test")["accuracy"] > 0.8
    assert trained.result["steps"] == 60
    assert trained.result["test"] == trained.evaluate("test")


def test_a_run_that_was_stopped_goes_on_with_the_same_neighbours(trained, tmp_path):
    again = gc.compile(Source("club.yaml", CLUB), ["train.epochs=30"]).train(tmp_path / "parts")
    again = gc.compile(Source("club.yaml", CLUB)).train(tmp_path / "parts", resume=True)
    whole, parts = trained.weights(), again.weights()
    assert all((whole[path] == parts[path]).all() for path in whole)


@pytest.mark.parametrize(("size", "nodes"), [("4", 4), ("full", 6)])
def test_a_step_is_over_as_many_nodes_as_the_spec_says(size, nodes):
    text = CLUB.replace("data: karate", "data: les_miserables").replace("34]", "77]")
    text = text.replace("{sage_conv: 2}", "{sage_conv: 6}")
    made = gc.compile(Source("book.yaml", text), [f"train.batch_size={size}"]).prepared(Keeping())
    assert made.dataset.examples == 6 and made.settings.nodes == nodes
    assert made.settings.batch_size == 1  # the graph as a whole is evaluated


def test_evaluation_that_draws_gives_the_same_every_time_and_predictions_of_all_nodes(tmp_path):
    text = CLUB.replace("[4, 3]", "{sizes: [12, 12], evaluation: drawn}")
    run = gc.compile(Source("club.yaml", text), ["train.batch_size=8"]).train(tmp_path / "club")
    assert run.evaluate("test") == run.result["test"]
    assert run.result["test"]["accuracy"] > 0.7
    arrays = run.dataset().splits["test"]
    edges = np.stack([arrays["edges:senders"][0], arrays["edges:receivers"][0]])
    twice = {"features": np.concatenate([arrays["features"]] * 2), "edges": edges}
    first, again = run.predict(twice)
    assert first.shape == (34, 2)
    np.testing.assert_array_equal(first, again)
    right = (first.argmax(-1) == arrays["label"][0])[arrays["nodes:counted"][0]].mean()
    assert abs(right - run.result["test"]["accuracy"]) < 0.2


def test_what_is_not_finite_is_told_with_its_place(tmp_path):
    text = CLUB.replace("{sage_conv: {features: 8, activation: relu}}, {dropout: 0.1}", "log")
    text = text.replace("[4, 3]", "2")
    with pytest.raises(gc.RunError, match="is not finite at step 0"):
        gc.compile(Source("club.yaml", text)).train(tmp_path / "club")


def test_a_network_without_neighbours_is_emitted_as_ever():
    source = gc.compile(Source("club.yaml", CLUB.replace("  neighbours: [4, 3]\n", ""))).source
    assert "drawn" not in source.lower()
