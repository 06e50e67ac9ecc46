"""A reservoir is drawn and stays as it is, and training has nothing to do for it."""

import jax
import numpy as np
import pytest
from test_products import products

import graphc as gc
from graphc.core.span import Source

RESERVOIR = "echo_state: {units: 20, leak: 0.5, sparsity: 0.5}"
SPEC = f"""
graphc: 1
network:
  inputs: {{image: [8, 8, 1]}}
  layers: [{{reshape: [8, 8]}}, stream, {{{RESERVOIR}}}, last, {{dense: 10}}]
data: digits
train:
  loss: cross_entropy
  optimizer: {{adamw: {{learning_rate: 1e-2, weight_decay: 0.1}}}}
  average: 0.9
  clip: 1.0
  regularize: {{"*/kernel": {{l2: 1e-3}}}}
"""


def batches():
    draw = np.random.default_rng(0)
    while True:
        image = draw.random((16, 8, 8, 1), np.float32)
        yield {"image": image, "label": draw.integers(0, 10, 16), "mask": np.ones(16, bool)}


def test_training_moves_none_of_its_weights():
    module = gc.compile(Source("test", SPEC)).module()
    state = before = jax.jit(module.init)(jax.random.key(0))
    assert set(before["params"]) == {"dense"}
    train_step = jax.jit(module.train_step)
    for batch, _ in zip(batches(), range(3), strict=False):
        state, _ = train_step(state, batch, jax.random.key(1))
    jax.tree.map(np.testing.assert_array_equal, state["statistics"], before["statistics"])
    assert set(state["statistics"]["echo_state"]) == {"bias", "reservoir", "taken"}
    assert np.abs(state["params"]["dense"]["kernel"] - before["params"]["dense"]["kernel"]).max()


def test_it_takes_no_way_back(compiled):
    """Forward three products, one of them in the loop, and one back for the reader's kernel."""
    network = compiled(
        f"network: {{inputs: {{x: [time, 6]}}, layers: [{{{RESERVOIR}}}, {{dense: 3}}]}}"
    )
    assert products(network) == (4, 1)


def test_the_way_back_through_it_takes_one_product_in_the_loop(compiled):
    """For what is before it: the loop forward, the loop back, and no kernel of the reservoir."""
    layers = f"{{dense: 4}}, {{{RESERVOIR}}}, {{dense: 3}}"
    network = compiled(f"network: {{inputs: {{x: [time, 6]}}, layers: [{layers}]}}")
    total, inside = products(network)
    assert inside == 2
    assert total == 4 + 5  # back: two by the reader, one in the loop, into the reservoir, its input


@pytest.mark.parametrize("sparsity", [0.0, 0.9])
def test_the_largest_eigenvalue_is_as_asked(sparsity):
    text = f"""
graphc: 1
network:
  inputs: {{x: [time, 2]}}
  layers: [echo_state: {{units: 60, spectral_radius: 0.7, sparsity: {sparsity}}}]
"""
    model = gc.compile(Source("test", text)).module().build(jax.random.key(4))
    reservoir = np.asarray(model.echo_state.reservoir[...])
    radius = np.abs(np.linalg.eigvals(reservoir.astype(np.float64))).max()
    np.testing.assert_allclose(radius, 0.7, rtol=1e-3)
    np.testing.assert_allclose((reservoir == 0).mean(), sparsity, atol=0.05)


def test_what_is_frozen_is_no_weight_to_train():
    model = gc.compile(Source("test", SPEC))
    frozen = {each.path for each in model.compiled.weights.entries if each.weight.frozen}
    assert frozen == {f"echo_state/{name}" for name in ("bias", "reservoir", "taken")}
    assert model.compiled.weights.parameters == 20 * 10 + 10


@pytest.mark.parametrize(
    "layer",
    [
        f"bidirectional: [{{{RESERVOIR}}}]",
        f"repeat: {{times: 5, layers: [{{{RESERVOIR}}}]}}",
        f"repeat: {{times: 2, layers: [{{{RESERVOIR}}}]}}",
    ],
)
def test_it_goes_where_other_cells_go(layer, compiled, sequences):
    text = (
        f"network: {{inputs: {{x: [time, 6]}}, layers: [{{dense: 20}}, {{{layer}}}, {{dense: 3}}]}}"
    )
    one, other = compiled(text), compiled(text, without=("roll", "merge", "prune"))
    np.testing.assert_allclose(one(x=sequences), other(x=sequences), rtol=1e-4, atol=1e-5)
