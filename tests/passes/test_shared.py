"""Layers of a loop that read the same value share a product."""

import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from printed_graphs import after

from graphc.compiler import compile
from graphc.core.forms import CPU, FORMS
from graphc.core.span import Source
from graphc.runtime.module import module_from_source

CELL = """
graphc: 1
network:
  precision: float32
  inputs: {x: [time, 3], y: [time, 2]}
  nodes:
    a: {dense: {features: 4, activation: sigmoid}, from: [h@t-1, x, y]}
    b: {dense: 4, from: h@t-1}
    c: {dense: 4, from: x}
    h: tanh(a * b + c)
  initial: {h: {constant: 0.5, shape: [4]}}
  output: h
"""
INSIDE = {"stays": 1e-6}
SIZES = {"x": 3, "y": 2}


def layers(cells, x="[time, 3]", precision="float32"):
    head = f"graphc: 1\nnetwork:\n  precision: {precision}\n"
    return f"{head}  inputs: {{x: {x}}}\n  layers: [{cells}]\n"


def compiled(text, **forms):
    return compile(Source("cell.yaml", text), forms=replace(CPU, **forms))


def values(found, **given):
    """The outputs, and the gradient of their squares by the weights."""
    module = module_from_source(found.source, "<cell>")
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])
    draw = np.random.default_rng(0)
    batch = {name: jnp.asarray(draw.normal(0, 2, (5, 7, n))) for name, n in SIZES.items()}

    def loss(params):
        outputs = module.forward(params, {}, batch | given)[0]
        return (outputs**2).sum(), outputs

    return jax.jit(jax.grad(loss, has_aux=True))(params)


def shared(found):
    """The products in steps of loops that layers share, in the order of the source."""
    return re.findall(r"^    (from_\w+) = ", found.source, re.M)


def assert_same(text, *, rtol=2e-5, forms=None, **given):
    """That it computes what it does without shared products."""
    forms = forms or {}
    apart = compiled(text, **forms, shared=False)
    assert not shared(apart)
    pairs = (values(each, **given) for each in (compiled(text, **forms), apart))
    for one, other in zip(*map(jax.tree.leaves, pairs), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * np.abs(other).max())


@pytest.mark.parametrize("forms, products", [({}, ["from_h"]), (INSIDE, ["from_x", "from_h"])])
@pytest.mark.parametrize(
    "cells",
    ["{gru_reset_after: 5}", "{gru_reset_after: 5}, {gru_reset_after: 3}"],
)
def test_a_gru_has_a_product_of_each_value(cells, forms, products):
    text = layers(cells)
    steps = len(set(re.findall(r"def (gru\w+)\(", compiled(text, **forms).source)))
    assert shared(compiled(text, **forms)) == products * steps
    assert_same(text, forms=forms)


def test_inputs_stay_where_they_are_few():
    assert shared(compiled(layers("{gru_reset_after: 12}"))) == ["from_x", "from_h"]
    assert shared(compiled(layers("{gru_reset_after: 11}"))) == ["from_h"]


@pytest.mark.parametrize("forms", [{}, INSIDE])
@pytest.mark.parametrize("way", ["gru_reset_after: 5", "bidirectional: [{gru_reset_after: 5}]"])
def test_so_has_one_over_sequences_of_any_length(way, forms):
    text = layers(f"{{{way}}}", x="{shape: [time, 3], at_most: any}")
    lengths = {"time:length": np.array([7, 4, 1, 0, 7], np.int32)}
    assert shared(compiled(text, **forms))
    assert_same(text, forms=forms, **lengths)


@pytest.mark.parametrize("forms", [{}, INSIDE])
def test_so_has_one_in_bfloat16(forms):
    text = layers("{gru_reset_after: 5}", precision="bfloat16")
    found = compiled(text, **forms)
    kernels = re.findall(r"Bfloat16\(\s*jnp\.concatenate\(", found.source)
    assert len(kernels) == len(shared(found)) > 0
    assert_same(text, forms=forms, rtol=0.02)


@pytest.mark.parametrize(
    "inputs",
    ["[h@t-1, x, y]", "[x, h@t-1, y]", "[x, y, h@t-1]", "[y, x, h@t-1]", "[h@t-1, y]"],
)
@pytest.mark.parametrize("bias", ["", ", bias: false"])
@pytest.mark.parametrize("forms", [{}, INSIDE])
def test_whatever_the_layers_read(inputs, bias, forms):
    text = CELL.replace("[h@t-1, x, y]", inputs)
    for layer in ("{dense: 4, from: h@t-1}", "{dense: 4, from: x}"):
        changed = text.replace(layer, layer.replace("4", f"{{features: 4{bias}}}"))
        assert "from_h" in shared(compiled(changed, **forms))
        assert_same(changed, forms=forms)


def test_several_layers_and_those_of_several_parts():
    text = CELL.replace(
        "    b: ", "    d: {dense: {features: 4, activation: tanh}, from: [h@t-1, x, y]}\n    b: "
    ).replace("a * b", "a * b * d")
    found = compiled(text, **INSIDE)
    assert "x = jnp.split(y @ a_d_from_y, 2, axis=-1)" in found.source
    assert "a_d = [from_h[0] + from_x[0] + x[0], from_h[1] + from_x[1] + x[1]]" in found.source
    assert_same(text, forms=INSIDE)


@pytest.mark.parametrize(
    "changes",
    [
        {"h: tanh(a * b + c)\n": "h: tanh(a * b + c)\n    z: c + h\n", "output: h": "output: z"},
        {"from: x}": "from: y}", "[h@t-1, x, y]": "[h@t-1, x]"},
        {"c: {dense: 4,": "c: {dense: 4, precision: bfloat16,"},
    ],
    ids=["read outside too", "of another value", "in bfloat16"],
)
def test_a_layer_outside_stays_there_that_is_needed_there(changes):
    text = CELL
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    found = compiled(text, **INSIDE)
    assert "c = self.c(" in found.source
    assert_same(text, forms=INSIDE)


@pytest.mark.parametrize(
    "text",
    [
        layers("{lstm: 5}"),
        layers("{gru: 5}"),
        layers("{elman: 5}"),
        layers("{lstm_peephole: 5}"),
        CELL.replace("b: {dense: 4, from: h@t-1}", "b: {dense: 4, from: [h@t-1, x, y]}"),
        CELL.replace("b: {dense: 4,", "b: {dense: 4, precision: bfloat16,"),
        CELL.replace("b: {dense: 4, from: h@t-1}", "b: h@t-1"),
        CELL.replace("[h@t-1, x, y]", "[h@t-1, x, h@t-1]"),
    ],
    ids=[
        "lstm",
        "gru",
        "elman",
        "peephole",
        "all read the same",
        "in bfloat16",
        "one layer",
        "read twice",
    ],
)
def test_nothing_is_shared_where_no_layer_reads_a_value_by_itself(text):
    assert not shared(compiled(text)) and not shared(compiled(text, **INSIDE))


def test_explain_compile_says_who_shares():
    said = after(CELL, "cycles")[1]
    assert "did 6: `a`, `b` share products" in said


def test_on_other_devices_products_are_shared_too():
    found = compile(Source("cell.yaml", layers("{gru_reset_after: 5}")), forms=FORMS["gpu"])
    assert shared(found) == ["from_h"]
