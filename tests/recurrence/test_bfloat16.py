"""Cells whose products take bfloat16 numbers are the loops of those in float32."""

import re

import jax
import numpy as np
import pytest
from test_products import products

NARROW = re.compile(r"stablehlo\.dot_general.*xbf16>, tensor<(?:\d+x)*bf16>\) -> tensor<[\dx]*f32>")
CELLS = ("{lstm: 5}", "{gru: 5}", "{gru_reset_after: 5}", "{elman: 5}", "{minimal_gated_unit: 5}")
DROPPED = """
network:
  PRECISION
  inputs: {x: [time, 6]}
  nodes:
    h: {dense: {features: 5, activation: tanh}, from: [x, kept]}
    kept: {dropout: 0.5, from: h@t-1}
  output: h
"""


def written(cell, precision="bfloat16"):
    return f"network: {{precision: {precision}, inputs: {{x: [time, 6]}}, layers: [{cell}]}}"


def gradients(network, **batch):
    def loss(params, x):
        return (network(params, **batch | {"x": x}) ** 2).sum()

    return jax.jit(jax.grad(loss, argnums=(0, 1)))(network.params, batch["x"])


def alike(first, second):
    """Assert that arrays differ by no more than the rounding to bfloat16."""
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert one.dtype == other.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=0.02 * np.abs(one).max())


def test_the_loop_has_the_products_of_float32_and_all_take_bfloat16(compiled):
    wide, narrow = (compiled(written("{lstm: 5}", each)) for each in ("float32", "bfloat16"))
    assert products(wide, of_input=True) == products(narrow, of_input=True)
    x = np.zeros((4, 7, 6), np.float32)
    text = jax.jit(lambda params: jax.grad(lambda p: narrow(p, x=x).sum())(params))
    text = text.lower(narrow.params).as_text()
    assert len(NARROW.findall(text)) == text.count("stablehlo.dot_general")


@pytest.mark.parametrize("cell", [*CELLS, "{bidirectional: [{lstm: 4}]}"])
def test_values_and_gradients_are_those_of_float32_but_for_the_rounding(cell, compiled, sequences):
    wide, narrow = (compiled(written(cell, each)) for each in ("float32", "bfloat16"))
    assert "Bfloat16(" in narrow.model.source and "Bfloat16" not in wide.model.source
    alike(wide(x=sequences), narrow(x=sequences))
    alike(gradients(wide, x=sequences), gradients(narrow, x=sequences))


def test_so_are_those_of_sequences_of_different_length(compiled, sequences):
    batch = {"x": sequences, "time:length": np.array([9, 3, 1, 6], np.int32)}
    uneven = "x: {shape: [time, 6], at_most: any}"
    texts = (written("{lstm: 5}", each) for each in ("float32", "bfloat16"))
    wide, narrow = (compiled(each.replace("x: [time, 6]", uneven)) for each in texts)
    assert "while_present" in narrow.model.source
    alike(gradients(wide, **batch), gradients(narrow, **batch))


def test_a_step_that_draws_multiplies_in_bfloat16_too(compiled, sequences):
    network = compiled(DROPPED.replace("PRECISION", "precision: bfloat16"))
    wide = compiled(DROPPED.replace("PRECISION", ""))
    assert "over_time" in network.model.source and "recur(" not in network.model.source
    alike(gradients(wide, x=sequences), gradients(network, x=sequences))


def test_layers_hold_their_arrays_alone(compiled):
    source = compiled(written("{lstm: 5}")).model.source
    assert source.count("dot_general=dot_bfloat16") == 1, "that of a docstring"
