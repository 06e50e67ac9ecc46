"""A loop gives what is read of it: the memory of an LSTM that nobody asks for is not kept."""

import re

import jax
import numpy as np
import pytest

SPEC = """
network:
  inputs: {{x: [time, 6]}}
  nodes:
    cell: {{lstm: 5}}
    y: {reads}
  output: y
"""


def carried(network, shape):
    """How many arrays of all steps the loops of a loss and its gradient carry."""
    x = np.zeros((4, 7, 6), np.float32)
    gradient = jax.jit(jax.grad(lambda params: (network(params, x=x) ** 2).sum()))
    text = gradient.lower(network.params).as_text()
    kept = f"tensor<{shape}xf32>"
    return [line.count(kept) for line in re.findall(r"stablehlo\.while.*", text)]


def test_an_output_of_a_block_that_nobody_reads_is_none(compiled, sequences):
    text = SPEC.format(reads="cell")
    one, whole = compiled(text), compiled(text, without=("prune",))
    assert "give=2" not in one.model.source
    assert "give=2" in whole.model.source
    np.testing.assert_array_equal(one(x=sequences), whole(x=sequences))


def test_the_backward_loop_goes_over_fewer_arrays(compiled):
    text = SPEC.format(reads="cell")
    forward, backward = carried(compiled(text), "7x4x5")
    whole_forward, whole_backward = carried(compiled(text, without=("prune",)), "7x4x5")
    assert forward <= whole_forward
    assert backward < whole_backward


@pytest.mark.parametrize("reads", ["cell.c", "cell.h + cell.c", "cell.c * cell"])
def test_what_is_read_stays(reads, compiled, sequences):
    text = SPEC.format(reads=reads)
    one, whole = compiled(text), compiled(text, without=("prune",))
    np.testing.assert_array_equal(one(x=sequences), whole(x=sequences))


def test_calls_that_read_different_outputs_are_different_code(compiled, sequences):
    text = """
network:
  inputs: {x: [time, 6]}
  nodes:
    a: {lstm: 5}
    b: {lstm: 5}
    y: a + b.c
  output: y
"""
    one, whole = compiled(text), compiled(text, without=("prune",))
    assert one.weights.keys() == whole.weights.keys()
    np.testing.assert_allclose(one(x=sequences), whole(x=sequences), rtol=1e-6)


def test_blocks_in_blocks_and_repeats_too(compiled, sequences):
    text = """
blocks:
  both:
    nodes:
      first: {lstm: 6}
      second: {gru: 6, from: first}
    outputs: [second, first]
network:
  inputs: {x: [time, 6]}
  layers: [{repeat: {times: 2, layers: [{bidirectional: [{lstm: 3}]}]}}, both]
"""
    one, whole = compiled(text), compiled(text, without=("prune",))
    assert "give=2" not in one.model.source
    np.testing.assert_allclose(one(x=sequences), whole(x=sequences), rtol=1e-6)
