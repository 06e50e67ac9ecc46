"""Layers over several axes multiply their points as one axis, on a CPU."""

import re

import jax
import numpy as np
import pytest
from flax import nnx
from printed_graphs import after

import graphc as gc
from graphc.core.span import Source
from graphc.emit.library.products import dot_bfloat16, dot_flat, dot_steps

TEXT = """
network:
  inputs: {x: [time, 6]}
  layers:
    - dense: {features: 4, activation: tanh}
    - attention: 2
    - last
    - dense: 3
"""


def source(text=TEXT, **options):
    return gc.compile(Source("given.yaml", f"graphc: 1\n{text}"), **options).source


def test_layers_over_examples_and_steps_are_flat():
    _, remarks = after(TEXT, "points")
    assert remarks == [
        "did 1: `dense` multiplies its points as one axis",
        "did 1: `attention` multiplies its points as one axis",
    ]


def test_a_gpu_multiplies_as_it_is_written():
    assert "dot_general=dot_flat" in source()
    assert "dot_flat" not in source(device="gpu")


def test_what_leaves_a_loop_is_a_product_of_all_steps():
    cell = "network: {inputs: {x: [time, 6]}, layers: [{lstm: {units: 2}}]}"
    written = source(cell)
    assert "dot_steps(x, self.f_to_o.kernel[...][:6])" in written
    assert "@ f_to_o_kernel" in written, "a step has one axis of points"


LOOPS = "network: {inputs: {x: [time, 6]}, layers: [{lstm: 24}, {elman: 5}, {dense: 3}]}"


def test_products_between_loops_go_step_by_step():
    remarks = after(LOOPS, "points")[1]
    assert remarks[-2:] == [
        "did 2: `h/now` multiplies its points step by step",
        "did 2: `dense` multiplies its points step by step",
    ]
    written = source(LOOPS)
    assert "dot_general=dot_steps" in written
    assert written.count("dot_flat(") == 2, "where it is defined, and in `dot_steps`"


def test_nothing_between_loops_is_turned():
    """But the input, from examples to steps, and the output, back."""
    module = gc.compile(Source("given.yaml", f"graphc: 1\n{LOOPS}")).module()
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])
    network = jax.jit(lambda params, x: module.forward(params, {}, {"x": x})[0])
    compiled = network.lower(params, np.zeros((2, 7, 6), np.float32)).compile().as_text()
    turned = re.findall(r"= f32\[(\d+,\d+,\d+)\]\S* copy\(", compiled)
    assert sorted(turned) == ["2,7,3", "7,2,6"]


def test_products_in_bfloat16_have_a_form_of_their_own():
    text = TEXT.replace("network:", "network:\n  precision: bfloat16")
    assert after(text, "points")[1] == []
    written = source(text)
    assert "dot_flat" not in written and "dot_general=dot_bfloat16" in written


FORMS = ((dot_flat, 1e-5), (dot_steps, 1e-5), (dot_bfloat16, 0.02))
POINTS = ((5,), (3, 4), (2, 3, 5), (1, 1, 1))
CASES = [(*form, points) for form in FORMS for points in POINTS[form[0] is dot_steps :]]


@pytest.mark.parametrize(("form", "most", "points"), CASES)
def test_values_and_gradients_are_those_of_a_product(form, most, points):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(*points, 6)).astype(np.float32)
    kernel = draw.normal(size=(6, 4)).astype(np.float32)
    wanted = draw.normal(size=(*points, 4)).astype(np.float32)
    expected = x @ kernel, wanted @ kernel.T, x.reshape(-1, 6).T @ wanted.reshape(-1, 4)
    y, pull = jax.vjp(form, x, kernel)
    for one, other in zip((y, *pull(wanted)), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=most * np.abs(other).max())
