"""Every recurrent block equals an independent implementation with the same weights."""

import cells
import jax
import numpy as np
import pytest

UNITS = 5
CELLS = {
    "elman: 5": cells.Elman,
    "jordan: {units: 4, outputs: 5}": cells.Jordan,
    "lstm: 5": cells.Lstm,
    "lstm_peephole: 5": cells.Peephole,
    "gru: 5": cells.Gru,
    "gru_reset_after: 5": cells.GruResetAfter,
    "minimal_gated_unit: 5": cells.MinimalGatedUnit,
    "min_gru: 5": cells.MinGru,
    "scrn: {units: 5, context: 3}": cells.Scrn,
    "clockwork: 5": cells.Clockwork,
    "echo_state: {units: 5, sparsity: 0.5, leak: 0.3}": cells.EchoState,
}


def spec(layer):
    return f"network: {{inputs: {{x: [time, 6]}}, layers: [{{{layer}}}]}}"


def own(weights, layer):
    return {path.removeprefix(f"{layer}/"): array for path, array in weights.items()}


@pytest.mark.parametrize("layer", CELLS)
def test_a_cell_is_that_of_its_paper(layer, compiled, sequences):
    network = compiled(spec(layer))
    cell = CELLS[layer](own(network.weights, layer.split(":")[0]), UNITS)
    given = np.asarray(jax.jit(lambda x: network(x=x))(sequences))
    np.testing.assert_allclose(given, cell.run(sequences), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("layer", CELLS)
def test_its_gradient_is_that_of_the_plain_loop(layer, compiled, sequences, monkeypatch):
    """The gradient that takes the kernels out of the backward loop, against jax's own."""
    network = compiled(spec(layer))
    weight = np.random.default_rng(2).normal(size=network(x=sequences).shape)

    def loss(params, x):
        return (network(params, x=x) * weight).sum()

    def plain(step, now, before, kernels=(), constants=(), **options):
        return network.module.over_time(step, now, before, [*kernels, *constants], **options)

    found = jax.jit(jax.grad(loss, argnums=(0, 1)))(network.params, sequences)
    if hasattr(network.module, "recur"):
        from graphc.emit.library import time as library

        network.module.over_time = library.over_time
        monkeypatch.setattr(network.module, "recur", plain)
        expected = jax.jit(jax.grad(lambda *given: loss(*given), argnums=(0, 1)))(
            network.params, sequences
        )
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    "layer, kind", [("elman: 5", "RNN"), ("lstm: 5", "LSTM"), ("gru_reset_after: 5", "GRU")]
)
def test_a_cell_is_that_of_torch(layer, kind, compiled, sequences):
    torch = pytest.importorskip("torch")
    network = compiled(spec(layer))
    weights = own(network.weights, layer.split(":")[0])
    peer = getattr(torch.nn, kind)(6, UNITS, batch_first=True)
    inputs, recurrent, bias, other = _for_torch(weights, kind)
    with torch.no_grad():
        peer.weight_ih_l0.copy_(torch.tensor(inputs.T))
        peer.weight_hh_l0.copy_(torch.tensor(recurrent.T))
        peer.bias_ih_l0.copy_(torch.tensor(bias))
        peer.bias_hh_l0.copy_(torch.tensor(other))
        expected = peer(torch.tensor(sequences))[0].numpy()
    np.testing.assert_allclose(network(x=sequences), expected, rtol=2e-5, atol=2e-6)


def _for_torch(weights, kind):
    gates = {"RNN": "h", "LSTM": "ifgo", "GRU": "rz"}[kind]
    kernels = np.concatenate([weights[f"{gate}/kernel"] for gate in gates], axis=1)
    bias = np.concatenate([weights[f"{gate}/bias"] for gate in gates])
    inputs, recurrent, other = kernels[:6], kernels[6:], np.zeros_like(bias)
    if kind == "GRU":
        inputs = np.concatenate([inputs, weights["given/kernel"]], axis=1)
        recurrent = np.concatenate([recurrent, weights["seen/kernel"]], axis=1)
        bias = np.concatenate([bias, weights["given/bias"]])
        other = np.concatenate([other, weights["seen/bias"]])
    return inputs, recurrent, bias, other


def test_a_bidirectional_layer_is_two_layers(compiled, sequences):
    network = compiled(spec("bidirectional: [{elman: 5}]"))
    weights = own(network.weights, "bidirectional")
    forward = cells.Elman(own(weights, "forward/elman"), UNITS).run(sequences)
    backward = cells.Elman(own(weights, "backward/elman"), UNITS).run(sequences[:, ::-1])[:, ::-1]
    expected = np.concatenate([forward, backward], axis=-1)
    np.testing.assert_allclose(network(x=sequences), expected, rtol=2e-5, atol=2e-6)


def test_blocks_take_initial_values_from_elsewhere(compiled, sequences):
    text = """
network:
  inputs: {x: [time, 6]}
  nodes:
    first: {elman: 5, from: x}
    end: last(first)
    h: {elman: 5, from: {x: x, h0: end}}
  output: h
"""
    network = compiled(text)
    first = cells.Elman(own(network.weights, "first"), UNITS).run(sequences)
    second = cells.Elman(own(network.weights, "h"), UNITS)
    second.begin = lambda batch: (first[:, -1],)
    np.testing.assert_allclose(network(x=sequences), second.run(sequences), rtol=2e-5, atol=2e-6)
