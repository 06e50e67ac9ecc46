"""Several objectives over several graphs: nodes that pad a graph count nowhere."""

import jax
import jax.numpy as jnp
import numpy as np

import graphc as gc
from graphc.core.span import Source

GRAPHS = """
graphc: 1
networks:
  heard: {inputs: {x: [nodes, 1]}, layers: [{gin_conv: {learned: true}}, {dense: 4}, tanh]}
  kind: {inputs: {h: [nodes, 4]}, layers: [{graph_pool: mean}, {dense: 6}]}
  again: {inputs: {h: [nodes, 4]}, layers: [{gin_conv: {learned: true}}, {dense: 1}]}
data: graphs
train:
  values: {h: heard(features)}
  objectives:
    kind: {minimize: "cross_entropy(kind(h), label)", update: [kind, heard], optimizer: {sgd: 0.1}}
    again: {minimize: "mean_squared_error(again(h), features)", update: again, optimizer: {sgd: 1}}
  SCHEDULE
"""


def test_nodes_that_pad_a_graph_change_nothing():
    for schedule in ("batch_size: 8", "schedule: [again, {kind: 2}]"):
        model = gc.compile(Source("graphs.yaml", GRAPHS.replace("SCHEDULE", schedule)))
        module, arrays = model.module(), model.dataset().splits["train"]
        batch = {name: jnp.asarray(array[:12]) for name, array in arrays.items()}
        nodes = np.arange(batch["features"].shape[1])
        absent = nodes[None] >= np.asarray(batch["nodes:length"])[:, None]
        assert absent.any()
        state = module.init(jax.random.key(0))
        found = []
        for value in (3.0, -50.0):
            features = jnp.where(absent[..., None], value, batch["features"])
            given = batch | {"features": features}
            after, totals = module.train_step(state, given, jax.random.key(1))
            assert totals["finite"]
            found.append((after["params"], totals))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), *found)
        assert not np.array_equal(
            found[0][0]["again"]["dense"]["kernel"], state["params"]["again"]["dense"]["kernel"]
        )


def test_an_objective_over_nodes_is_the_mean_over_those_that_are_there():
    model = gc.compile(Source("graphs.yaml", GRAPHS.replace("SCHEDULE", "batch_size: 8")))
    module, arrays = model.module(), model.dataset().splits["train"]
    batch = {name: jnp.asarray(array[:5]) for name, array in arrays.items()}
    state = module.init(jax.random.key(0))
    _, totals = module.train_step(state, batch, jax.random.key(1))
    outputs, _ = module.forward(state["params"], state["statistics"], batch)
    zero = jax.tree.map(jnp.zeros_like, state["params"]["again"])
    still, _ = module.forward(state["params"] | {"again": zero}, state["statistics"], batch)
    there = np.arange(batch["features"].shape[1])[None] < np.asarray(batch["nodes:length"])[:, None]
    squares = np.asarray(batch["features"])[..., 0][there] ** 2
    np.testing.assert_allclose(still[0], np.mean(squares), rtol=1e-5)
    np.testing.assert_allclose(totals["again"] / 5, outputs[0], rtol=1e-5)
