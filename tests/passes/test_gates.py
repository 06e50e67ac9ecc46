"""The gates of a cell go through one tanh where that is the same."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.core.span import Source
from graphc.emit.library.time import scan_once

CELL = """
blocks:
  cell:
    nodes:
      a: {dense: {features: 4, activation: FIRST}, from: [x, h@t-1]}
      b: {dense: {features: SIZE, activation: tanh}, from: [x, h@t-1]}
      h: OUT
    initial: {h: {constant: 0.5, shape: [4]}}
    output: h
network: {inputs: {x: [time, 3]}, layers: [cell]}
"""


def compiled(text, **options):
    return gc.compile(Source("cell.yaml", f"graphc: 1\n{text}"), **options)


def cell(first="sigmoid", size="4", out="a * h@t-1 + (1 - a) * b"):
    return CELL.replace("FIRST", first).replace("SIZE", size).replace("OUT", out)


def layer(text):
    return f"network: {{inputs: {{x: [time, 3]}}, layers: [{text}]}}\n"


def values(model, **given):
    """The outputs, and the gradient of their squares."""
    module = model.module()
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])
    x = np.random.default_rng(0).normal(0, 2, (5, 7, 3)).astype(np.float32)

    def loss(params):
        outputs = module.forward(params, {}, {"x": x, **given})[0]
        return (outputs**2).sum(), outputs

    return jax.jit(jax.grad(loss, has_aux=True))(params)


@pytest.mark.parametrize("text", [cell(), layer("{lstm: 5}"), layer("{lstm_peephole: 5}")])
def test_sigmoids_and_tanhs_of_one_product_are_one_tanh(text):
    joined, apart = compiled(text), compiled(text, without=["gates"])
    assert ("one_tanh" in joined.source) == ("peephole" not in text)
    assert "one_tanh" not in apart.source
    for one, other in zip(*map(jax.tree.leaves, (values(joined), values(apart))), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "text",
    [
        cell(first="relu"),
        cell(size="8", out="a * h@t-1 + (1 - a) * sum(b)"),
        cell(out="a * h@t-1 + (1 - a) * b", first="tanh"),
        layer("{gru: 5}"),
    ],
    ids=["another function", "parts of two sizes", "a single function", "gates apart"],
)
def test_other_parts_keep_their_functions(text):
    assert "one_tanh" not in compiled(text).source


@pytest.mark.parametrize(
    "text, by_parts",
    [
        ("{lstm_peephole: 5}", True),
        ("{bidirectional: [{lstm_peephole: 5}]}", True),
        ("{lstm_peephole: 5}, {lstm_peephole: 5}", True),
        ("{gru: 5}", False),
    ],
)
def test_what_is_added_to_parts_comes_by_parts(text, by_parts):
    text = layer(text)
    found, left = compiled(text), compiled(text, without=["gates"])
    assert ("add_by_parts" in found.source) == by_parts
    assert "add_by_parts" not in left.source
    for one, other in zip(*map(jax.tree.leaves, (values(found), values(left))), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_sequences_of_any_length_have_the_same_gradients_by_parts():
    text = layer("{lstm_peephole: 5}").replace("[time, 3]", "{shape: [time, 3], at_most: any}")
    lengths = {"time:length": np.array([7, 4, 1, 0, 7], np.int32)}
    models = [compiled(text, without=each) for each in ([], ["gates"])]
    assert ["add_by_parts" in each.source for each in models] == [True, False]
    found, left = (values(each, **lengths) for each in models)
    for one, other in zip(*map(jax.tree.leaves, (found, left)), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("text", [layer("{lstm: 5}"), layer("{lstm_peephole: 5}")])
def test_where_nothing_was_measured_gates_are_those_of_the_equation(text):
    source = compiled(text, device="gpu").source
    assert "one_tanh" not in source and "add_by_parts" not in source


def test_equal_values_of_a_step_are_kept_once():
    def step(carry, x):
        carry = carry + x
        return carry, (carry, (carry, x * 2))

    def once(steps):
        return scan_once(step, jnp.zeros(()), steps, reverse=True)

    x = jnp.arange(4.0)
    for one, other in zip(
        *map(jax.tree.leaves, (once(x), jax.lax.scan(step, jnp.zeros(()), x, reverse=True))),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    (loop,) = [each for each in jax.make_jaxpr(once)(x).eqns if each.primitive.name == "scan"]
    assert len(loop.outvars) == 3  # what is carried, and two of the three values
