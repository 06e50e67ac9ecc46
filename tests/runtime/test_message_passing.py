"""Networks whose blocks say what goes along edges, against the layers that ship with graphc."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.core.span import Source
from graphc.core.types import BATCH as BATCH_AXIS
from graphc.core.types import Type, named_axis

SENDERS, RECEIVERS = [1, 4, 0, 2, 3, 0, 1], [0, 0, 1, 1, 1, 2, 4]
X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
BOND = np.random.default_rng(1).normal(size=(2, 9, 2)).astype(np.float32)
# The second graph has three nodes and two edges; both are padded with edges to no node.
ENDS = {
    "edges:senders": np.array([[*SENDERS, 5, 5], [1, 0, *[5] * 7]], np.int32),
    "edges:receivers": np.array([[*RECEIVERS, 5, 5], [0, 1, *[5] * 7]], np.int32),
}
BATCH = {"x": X, **ENDS}
ATTENTION = """blocks:
  attend:
    inputs: {sender: any, receiver: any}
    nodes:
      score:
        dense: {features: 1, bias: false, activation: {leaky_relu: 0.2}}
        from: [sender, receiver]
      y: edge_softmax(score) * sender
    output: y
"""
PAIRS = {
    "gcn of means": (
        "[{graph_conv: {features: 4, normalize: mean, self_loops: false}}]",
        "[{message_passing: {aggregate: mean, update: [{dense: 4}]}}]",
    ),
    "sage of the largest": (
        "[{sage_conv: {features: 4, aggregate: max}}]",
        "[{message_passing: {aggregate: max, update: [{dense: 4, from: [x, messages]}]}}]",
    ),
}


def module_of(text, **options):
    return gc.compile(Source("test", f"graphc: 1\n{text}"), **options).module()


def layers(text, blocks=""):
    return module_of(f"{blocks}network:\n  inputs: {{x: [nodes, 3]}}\n  layers: {text}\n")


def params_of(module):
    return nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])


def value_and_slopes(module, params, batch=BATCH, counts=(5, 3)):
    """The outputs at the nodes that are there, and slopes of the sum of their squares."""
    there = np.arange(5)[None] < np.array(counts)[:, None]

    def total(params, x):
        outputs, _ = module.forward(params, {}, batch | {"x": x})
        there_too = there.reshape(there.shape + (1,) * (outputs.ndim - 2))
        return jnp.sum(jnp.square(outputs), where=there_too), outputs

    (_, outputs), slopes = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)(
        params, jnp.asarray(batch["x"])
    )
    return [np.asarray(outputs)[there], *map(np.asarray, jax.tree.leaves(slopes))]


def as_in(params, other):
    """Weights in the places of those of another network, which are as many."""
    return jax.tree.unflatten(jax.tree.structure(other), jax.tree.leaves(params))


@pytest.mark.parametrize("name", PAIRS)
def test_a_layer_written_as_message_passing_is_the_layer(name):
    one, other = map(layers, PAIRS[name])
    params = params_of(one)
    found = value_and_slopes(other, as_in(params, params_of(other)))
    for a, b in zip(found, value_and_slopes(one, params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_graph_isomorphism_network_is_message_passing():
    one = layers("[{gin_conv: 0.3}, {dense: 4}, relu, {dense: 2}]")
    other = module_of("""blocks:
  mlp:
    inputs: {x: any, messages: any}
    nodes:
      sum: 1.3 * x + messages
      y: {layers: [{dense: 4}, relu, {dense: 2}], from: sum}
    output: y
network: {inputs: {x: [nodes, 3]}, layers: [{message_passing: {update: mlp}}]}
""")
    params = params_of(one)
    found = value_and_slopes(other, as_in(params, params_of(other)))
    for a, b in zip(found, value_and_slopes(one, params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_graph_attention_is_message_passing():
    attention = {"features": 4, "self_loops": "false", "bias": "false"}
    own = ", ".join(f"{key}: {each}" for key, each in attention.items())
    one = layers(f"[{{graph_attention: {{{own}}}}}]")
    dense = "{dense: {features: 4, bias: false}}"
    other = layers(f"[{dense}, {{message_passing: {{message: attend}}}}]", ATTENTION)
    given, wanted = params_of(one), params_of(other)
    (own,) = given.values()
    ends = jnp.concatenate([own["sender"], own["receiver"]], axis=1)
    kernels = {(3, 4): own["kernel"], (8, 1): ends.T}
    params = jax.tree.map(lambda each: kernels[each.shape], wanted)

    value, *_, slope = value_and_slopes(one, given)
    found, *_, slope_too = value_and_slopes(other, params)
    np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(slope_too, slope, rtol=1e-3, atol=1e-5)


BONDS = """blocks:
  send:
    params: {units: int}
    inputs: {sender: any, receiver: any, bond: any}
    nodes: {y: {dense: {features: $units, activation: tanh}, from: [sender, receiver, bond]}}
    output: y
network:
  inputs: {x: [nodes, 3], bond: [edges, 2]}
  nodes:
    h:
      message_passing: {message: {send: 4}, aggregate: AGGREGATE, update: [{dense: 3}, tanh]}
      from: {x: x, bond: bond}
    y:
      message_passing: {message: {send: 4}, aggregate: AGGREGATE, update: UPDATE}
      from: {x: h, bond: bond}
  output: y
"""


def bonds(aggregate="sum", update="{gru_step: 3, from: {x: messages, h: x}}", **options):
    text = BONDS.replace("AGGREGATE", aggregate).replace("UPDATE", update)
    return module_of(text, **options)


@pytest.mark.parametrize("how", ["sum", "mean", "max"])
def test_a_graph_of_a_padded_batch_is_what_it_is_alone(how):
    module = bonds(how)
    params = params_of(module)
    batch = BATCH | {"bond": BOND}
    both, _ = module.forward(params, {}, batch)
    few = {name: each[1:, :2] for name, each in (*ENDS.items(), ("bond", BOND))}
    alone, _ = module.forward(params, {}, few | {"x": X[1:, :3]})
    np.testing.assert_allclose(both[1:, :3], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["sum", "mean", "max"])
def test_what_pads_a_graph_changes_no_value_and_no_gradient(how):
    module = bonds(how)
    params = params_of(module)
    kept = np.array([[True] * 7 + [False] * 2, [True] * 2 + [False] * 7])[..., None]
    batch = BATCH | {"bond": BOND}
    other = batch | {"bond": np.where(kept, BOND, 9 * BOND[::-1]).astype(np.float32)}
    for a, b in zip(
        *(value_and_slopes(module, params, each) for each in (batch, other)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_messages_are_those_of_the_definition():
    module = module_of(BONDS.replace("AGGREGATE", "sum").replace("UPDATE", "[{dense: 2}]"))
    params = params_of(module)
    found, _ = module.forward(params, {}, BATCH | {"bond": BOND})

    def dense(word, x):
        (layer,) = (each for name, each in params.items() if name.startswith(word))
        layer = layer.get("y", layer)
        return x @ layer["kernel"] + layer["bias"]

    def passed(x, message, update):
        arrived = np.zeros((5, 4))
        for place, (j, i) in enumerate(zip(SENDERS, RECEIVERS, strict=True)):
            arrived[i] += np.tanh(dense(message, np.concatenate([x[j], x[i], BOND[0, place]])))
        return dense(update, arrived)

    h = np.tanh(passed(X[0], "h_message", "h_update"))
    np.testing.assert_allclose(found[0], passed(h, "y_message", "y_update"), rtol=1e-4, atol=1e-5)


def test_message_passing_is_rolled_in_a_repeat():
    text = """blocks:
  send: {inputs: {sender: any}, layers: [{dense: {features: 3, activation: tanh}}]}
network:
  inputs: {x: [nodes, 3]}
  layers: [{repeat: {times: 6, layers: [{message_passing: {message: send, update: UPDATE}}]}}]
""".replace("UPDATE", "[{dense: 3, from: [x, messages]}, relu]")
    rolled, plain = module_of(text), module_of(text, without=["roll"])
    assert "scan_layers" in gc.compile(Source("test", f"graphc: 1\n{text}")).source
    found = [each.forward(params_of(each), {}, BATCH)[0] for each in (rolled, plain)]
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_a_cycle_over_time_passes_messages_at_every_step():
    module = module_of("""network:
  inputs: {x: [time, nodes, 2], bond: [edges, 1]}
  nodes:
    h:
      message_passing:
        message: [{dense: {features: 3, bias: false}, from: [sender, bond]}]
        update: [{dense: {features: 3, activation: tanh, bias: false}, from: [x, messages]}]
      from: {x: [x, h@t-1], bond: bond}
    all: "mean(senders(h), over=edges)"
  outputs: [h, all]
""")
    params = params_of(module)
    x, bond = np.repeat(X[:, None, :, :2], 4, axis=1), BOND[..., :1]
    (states, all), _ = module.forward(params, {}, {"x": x, "bond": bond, **ENDS})

    kernels = {each.shape[0]: np.asarray(each) for each in jax.tree.leaves(params)}
    h = np.zeros((5, 3))
    for step in range(4):
        own, arrived = np.concatenate([x[0, step], h], axis=1), np.zeros((5, 3))
        for place, (j, i) in enumerate(zip(SENDERS, RECEIVERS, strict=True)):
            arrived[i] += np.concatenate([own[j], bond[0, place]]) @ kernels[6]
        h = np.tanh(np.concatenate([own, arrived], axis=1) @ kernels[8])
        np.testing.assert_allclose(states[0, step], h, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(all[0, step], h[SENDERS].mean(axis=0), rtol=1e-4, atol=1e-5)


def test_a_batch_norm_of_edges_counts_those_that_are_there():
    module = module_of("""network:
  inputs: {x: [nodes, 3], bond: [edges, 2]}
  nodes: {b: {batch_norm: {}, from: bond}, y: {aggregate: {}, from: b}}
  output: y
""")
    variables = nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)
    params, statistics = (nnx.to_pure_dict(each) for each in variables[1:])
    batch = BATCH | {"bond": BOND}
    found, _ = module.forward(params, statistics, batch, train=True)
    there = BOND[ENDS["edges:receivers"] < 5]
    apart = (BOND - there.mean(axis=0)) / np.sqrt(there.var(axis=0) + 1e-5)
    expected = sum(apart[0, place] for place, i in enumerate(RECEIVERS) if i == 1)
    np.testing.assert_allclose(found[0, 1], expected, rtol=1e-4, atol=1e-5)

    only = batch | {"mask": np.array([True, False])}
    _, of_one = module.forward(params, statistics, only, train=True)
    (mean, _) = (np.asarray(each) for each in jax.tree.leaves(of_one))
    share = mean / BOND[0, :7].mean(axis=0)
    np.testing.assert_allclose(share, share[0], rtol=1e-4)


def test_means_over_nodes_of_what_arrives_leave_out_those_that_pad_a_graph():
    module = module_of("""network:
  inputs: {x: {shape: [nodes, 3], at_most: any}, bond: [edges, 2]}
  nodes: {y: {aggregate: {}, from: bond}, z: "mean(y, over=nodes)", w: "mean(bond, over=edges)"}
  outputs: [z, w]
""")
    batch = BATCH | {"bond": BOND, "nodes:length": np.array([5, 3], np.int32)}
    (of_nodes, of_edges), _ = jax.jit(lambda batch: module.forward({}, {}, batch))(batch)
    for graph, (edges, nodes) in enumerate([(7, 5), (2, 3)]):
        total = BOND[graph, :edges].sum(axis=0)
        np.testing.assert_allclose(of_nodes[graph], total / nodes, rtol=1e-5)
        np.testing.assert_allclose(of_edges[graph], total / edges, rtol=1e-5)


def test_a_network_that_is_called_is_given_the_edges():
    module = module_of("""networks:
  inner:
    inputs: {x: [nodes, 3], bond: [edges, 2]}
    nodes: {y: {aggregate: max, from: bond}, z: {dense: 3, from: [x, y]}}
    output: z
  outer:
    inputs: {x: [nodes, 3], bond: [edges, 2]}
    nodes: {a: "inner(x, bond)", b: "inner(a, bond)"}
    output: b
""")
    params = params_of(module)
    found, _ = module.forward(params, {}, BATCH | {"bond": BOND})
    kernel, bias = (np.asarray(params["inner"]["z"][name]) for name in ("kernel", "bias"))
    most = np.zeros((5, 2), np.float32)
    for i in set(RECEIVERS):
        most[i] = BOND[0, [place for place, j in enumerate(RECEIVERS) if j == i]].max(axis=0)
    x = X[0]
    for _ in range(2):
        x = np.concatenate([x, most], axis=1) @ kernel + bias
    np.testing.assert_allclose(found[0], x, rtol=1e-4, atol=1e-5)


def test_python_builds_message_passing():
    kinds = {name: Type((2,), domain=(BATCH_AXIS, named_axis(name))) for name in ("nodes", "edges")}
    g = gc.Graph(x=kinds["nodes"], bond=kinds["edges"])
    h = g.message_passing(
        "x",
        message=lambda g, sender: g.dense([sender, "bond"], 4),
        update=lambda g, messages: g.dense(["x", messages], 2),
        aggregate="mean",
        name="h",
    )
    g.output(y=h)
    assert str(g.graph.output_type) == "[nodes, 2]"


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    """A run on a graph in files, of which the edges have weights."""
    folder = tmp_path_factory.mktemp("weighed")
    rows = zip("abcd", "xyxy", range(4), strict=True)
    (folder / "nodes.csv").write_text(
        "name,kind,age\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    )
    (folder / "edges.csv").write_text("one,other,weight,year\nc,b,2,1\na,b,3,1\nd,a,0.5,1\n")
    (folder / "spec.yaml").write_text("""graphc: 1
network:
  inputs: {features: [nodes, 1], weight: [edges]}
  nodes:
    h:
      graph_conv: {features: 3, activation: tanh, self_loops: false}
      from: {x: features, weight: weight}
    y:
      message_passing: {message: weight * sender, update: [{dense: 2, from: [x, messages]}]}
      from: h
  output: y
data: {graph: {nodes: nodes.csv, edges: edges.csv, target: kind, validation: 0, test: 0}}
train: {loss: cross_entropy, epochs: 2}
""")
    return gc.compile(folder / "spec.yaml").train(folder / "run")


FEATURES = np.arange(4, dtype=np.float32)[None, :, None]


def of_dense_matrices(run, weight):
    """The outputs of the run for a weighted adjacency [receivers, senders]."""
    arrays = run.weights()
    shares = 1 / np.sqrt(weight.sum(axis=1))
    h = (weight * np.outer(shares, shares)) @ FEATURES[0] @ arrays["h/kernel"] + arrays["h/bias"]
    h = np.tanh(h)
    both = np.concatenate([h, weight @ h], axis=1)
    return both @ arrays["y/update/dense/kernel"] + arrays["y/update/dense/bias"]


def test_weights_of_edges_are_learned_from_and_predicted_with(weighed):
    weight = np.zeros((4, 4))
    for one, other, value in ((2, 1, 2), (0, 1, 3), (3, 0, 0.5)):
        weight[one, other] = weight[other, one] = value
    given = {"features": FEATURES, "edges": [[2, 0, 3], [1, 1, 0]], "weight": [[2, 3, 0.5]]}
    found = weighed.predict(given)
    np.testing.assert_allclose(found[0], of_dense_matrices(weighed, weight), rtol=1e-4, atol=1e-5)
    assert "year" not in weighed.form().fields


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([[2, 3]], "`weight` holds 2 values, and `edges` 3 edges"),
        ([[2, 3, 1]], "`weight` is 2 and 1 for the edges 0 and 2, which are the same"),
        (None, "the field `weight` is missing"),
    ],
)
def test_what_edges_cannot_hold_is_told(weighed, weight, words):
    given = {} if weight is None else {"weight": weight}
    with pytest.raises(gc.RunError, match="GC614") as caught:
        weighed.predict({"features": FEATURES, "edges": [[2, 0, 1], [1, 1, 2]], **given})
    assert words in caught.value.diagnostics[0].message
