"""Cycles over time that go along the edges of a graph: the block `tgcn`, and cells like it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

EVEN, UNEVEN = "[time, nodes, 2]", "{shape: [time, nodes, 2], at_most: any}"
# The last edges of the second graph are padding, and no edge of it reaches its last node.
SENDERS = np.array([[1, 0, 2, 3, 1, 2], [1, 0, 2, 1, 4, 4]], np.int32)
RECEIVERS = np.array([[0, 1, 1, 2, 3, 3], [0, 1, 1, 2, 4, 4]], np.int32)
EDGES = {"edges:senders": SENDERS, "edges:receivers": RECEIVERS}


def spec(layers="{tgcn: 3}", kind=EVEN):
    return f"network: {{inputs: {{x: {kind}}}, layers: [{layers}]}}"


def spread(example):
    """D^-1/2 (A + I) D^-1/2 of one graph."""
    a = np.eye(5, dtype=np.float32)
    np.add.at(a, (RECEIVERS[example], SENDERS[example]), 1)
    a = a[:4, :4]
    root = 1 / np.sqrt(a.sum(axis=1))
    return root[:, None] * a * root


def by_hand(weights, x, a):
    """The values [time, nodes, units] of one example, step after step."""

    def layer(name, *values):
        kernel, bias = weights[f"tgcn/{name}/kernel"], weights[f"tgcn/{name}/bias"]
        return a @ jnp.concatenate(values, axis=-1) @ kernel + bias[None]

    h, found = jnp.zeros((x.shape[1], 3)), []
    for now in x:
        u, r = jax.nn.sigmoid(layer("u", now, h)), jax.nn.sigmoid(layer("r", now, h))
        h = u * h + (1 - u) * jnp.tanh(layer("c", now, r * h))
        found.append(h)
    return jnp.stack(found)


@pytest.fixture
def series():
    return np.random.default_rng(0).normal(size=(2, 5, 4, 2)).astype(np.float32)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_a_gated_unit_over_a_graph_is_its_equations(compiled, series, device):
    network = compiled(spec(), device=device)
    weights, draw = network.weights, np.random.default_rng(2)
    wanted = draw.normal(size=(2, 5, 4, 3)).astype(np.float32)

    def loss(params, x):
        return (network(params, x=x, **EDGES) * wanted).sum()

    def expected(weights, x):
        found = [by_hand(weights, x[i], spread(i)) for i in range(2)]
        return (jnp.stack(found) * wanted).sum()

    found, (slopes, to_x) = jax.jit(jax.value_and_grad(loss, (0, 1)))(network.params, series)
    value, (others, to_other_x) = jax.jit(jax.value_and_grad(expected, (0, 1)))(weights, series)
    np.testing.assert_allclose(found, value, rtol=1e-5)
    np.testing.assert_allclose(to_x, to_other_x, rtol=2e-4, atol=2e-5)
    for path, slope in network.by_path(slopes).items():
        np.testing.assert_allclose(slope, others[path], rtol=2e-4, atol=2e-5, err_msg=path)


def test_a_series_that_ends_before_others_is_what_it_is_alone(compiled, series):
    network = compiled(spec(kind=UNEVEN))
    lengths = np.array([5, 2], np.int32)
    given = jax.jit(lambda x: network(**{"x": x, "time:length": lengths}, **EDGES))(series)
    for i, (one, x, length) in enumerate(zip(given, series, lengths, strict=True)):
        alone = by_hand(network.weights, x[:length], spread(i))
        np.testing.assert_allclose(one[:length], alone, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "layers",
    [
        "{bidirectional: [{tgcn: 3}]}, last",
        "{repeat: {times: 2, layers: [{tgcn: 2}]}}, last",
        "{tgcn: 3}, {mean: {over: time}}, {graph_attention: 2}",
        "{gru: 3}, {conv: {features: 2, kernel: 3, over: time}}, last",
    ],
)
def test_what_is_before_of_a_node_is_known_to_its_neighbours_alone(compiled, series, layers):
    """A node that no edge leads from changes nothing elsewhere."""
    network = compiled(spec(layers))
    alone = {"edges:senders": SENDERS[:1, :3], "edges:receivers": RECEIVERS[:1, :3]}
    call = jax.jit(lambda x: network(x=x, **alone))
    given, other = call(series[:1]), call(series[:1] * np.array([1, 1, 1, 2], "f")[:, None])
    assert given.shape[:2] == (1, 4)
    np.testing.assert_allclose(given[:, :3], other[:, :3], rtol=1e-5, atol=1e-6)
    assert np.abs(given[:, 3] - other[:, 3]).max() > 1e-3


CELL = """
blocks:
  cell:
    nodes:
      z: {graph_conv: {features: 3, activation: sigmoid, MORE}, from: [x, h@t-1]}
      n: {graph_conv: {features: 3, activation: tanh, MORE, bias: false}, from: [h@t-1, x]}
      h: z * h@t-1 + (1 - z) * n
    output: h
"""


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("more", ["normalize: mean", "normalize: none, self_loops: 0.5"])
def test_what_is_known_before_is_added_up_before_the_loop(compiled, series, device, more):
    text = CELL.replace("MORE", more) + spec("cell: {}")
    network = compiled(text, device=device)
    inside, rest = network.model.source.split("def cell_step(")[1].split("class ", 1)
    assert inside.count("propagate(") == 1 and "propagate(graph, h_before" in inside
    assert "propagate(graph, jnp.moveaxis(x, 2, 1)" in rest

    along, a = network.module.Edges(*EDGES.values()), {}
    loops = 0.5 if "none" in more else 1.0
    for i in range(2):
        values = jnp.broadcast_to(jnp.eye(4)[None], (2, 4, 4))
        found = network.module.propagate(along, values, more.split()[1].strip(","), loops)
        a[i] = found[i]
    weights = network.weights
    given = jax.jit(lambda x: network(x=x, **EDGES))(series)
    for i in range(2):
        h = jnp.zeros((4, 3))
        for now, found in zip(series[i], given[i], strict=True):
            z = a[i] @ jnp.concatenate([now, h], -1) @ weights["cell/z/kernel"]
            z = jax.nn.sigmoid(z + weights["cell/z/bias"][None])
            n = jnp.tanh(a[i] @ jnp.concatenate([h, now], -1) @ weights["cell/n/kernel"])
            h = z * h + (1 - z) * n
            np.testing.assert_allclose(found, h, rtol=2e-5, atol=2e-6)


def test_a_layer_that_narrows_multiplies_first(compiled, series):
    text = """
blocks:
  cell:
    nodes:
      s: {graph_conv: {features: 3, activation: tanh}, from: [x, wide]}
      wide: concat(s@t-1, s@t-2)
    output: s
"""
    network = compiled(text + spec("cell: {}"))
    assert "propagate(" not in network.model.source.split("class CellStep")[1]
    weights = network.weights
    given = jax.jit(lambda x: network(x=x, **EDGES))(series)
    for i in range(2):
        before = s = jnp.zeros((4, 3))
        for now, found in zip(series[i], given[i], strict=True):
            joined = jnp.concatenate([now, s, before], -1) @ weights["cell/s/kernel"]
            before, s = s, jnp.tanh(spread(i) @ joined + weights["cell/s/bias"][None])
            np.testing.assert_allclose(found, s, rtol=2e-5, atol=2e-6)


def test_a_layer_in_bfloat16_is_taken_apart_as_in_float32(compiled, series):
    text = CELL.replace(", MORE", "") + spec("cell: {}")
    wide, narrow = compiled(text), compiled(text.replace("}, from", "}, precision: bfloat16, from"))
    assert "propagate(graph, h_before" in narrow.model.source
    assert "Bfloat16(" in narrow.model.source
    values = (jax.jit(lambda x, each=each: each(x=x, **EDGES))(series) for each in (wide, narrow))
    np.testing.assert_allclose(*values, atol=0.02)
