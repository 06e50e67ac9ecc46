"""A cycle that is affine in its state is the same as a loop, and as an associative scan."""

import jax
import numpy as np
import pytest

FORMULAS = {
    "a * h@t-1 + b": lambda a, b, h: a * h + b,
    "b + h@t-1 * a": lambda a, b, h: b + h * a,
    "b - (1 - a) * h@t-1": lambda a, b, h: b - (1 - a) * h,
    "h@t-1 + a * (b - h@t-1)": lambda a, b, h: h + a * (b - h),
    "0.9 * h@t-1 / 2 + a": lambda a, b, h: 0.9 * h / 2 + a,
    "-h@t-1 * a": lambda a, b, h: -h * a,
    "(a * h@t-1 + b) * 0.5 - a": lambda a, b, h: (a * h + b) * 0.5 - a,
}
OTHERS = ["a * h@t-1 * h@t-1 + b", "tanh(h@t-1) + b", "a * h@t-1 + b * h@t-2", "h@t-1 + b"]


def spec(formula, initial="0.3"):
    return f"""
network:
  inputs: {{a: [time, 3], b: [time, 3]}}
  nodes:
    h: {formula}
  initial: {{h: {initial}}}
  output: h
"""


@pytest.fixture
def batch():
    draw = np.random.default_rng(0)
    return {name: draw.uniform(0.2, 0.9, (2, 11, 3)).astype(np.float32) for name in "ab"}


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_recurrence_has_one_value_in_every_form(formula, device, compiled, batch):
    network = compiled(spec(formula), device=device)
    assert ("affine_scan" in network.model.source) == (device == "gpu")
    h, expected = np.full((2, 3), 0.3), []
    for step in range(11):
        h = FORMULAS[formula](batch["a"][:, step], batch["b"][:, step], h)
        expected.append(h)
    given = jax.jit(lambda batch: network(**batch))(batch)
    np.testing.assert_allclose(given, np.stack(expected, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("formula", OTHERS)
def test_other_cycles_stay_loops(formula, compiled):
    assert "affine_scan" not in compiled(spec(formula), device="gpu").model.source


def test_it_goes_backwards_too(compiled, batch):
    forward = compiled(spec("a * h@t-1 + b"), device="gpu")
    backward = compiled(spec("a * h@t+1 + b"), device="gpu")
    turned = {name: array[:, ::-1] for name, array in batch.items()}
    np.testing.assert_allclose(backward(**batch), forward(**turned)[:, ::-1], rtol=1e-6)


def test_min_gru_is_affine(compiled, sequences):
    text = "network: {inputs: {x: [time, 6]}, layers: [{min_gru: 5}]}"
    one, other = compiled(text, device="gpu"), compiled(text, device="cpu")
    assert "affine_scan" in one.model.source
    np.testing.assert_allclose(one(x=sequences), other(x=sequences), rtol=1e-5, atol=1e-6)
