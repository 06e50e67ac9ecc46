"""Runs with weights that are values, and back to the spec from a loss that is not finite."""

import pytest

import graphc as gc
from graphc.core.diagnostic import RunError
from graphc.core.span import Source
from graphc.runtime import checkpoint
from graphc.runtime.keeper import checkpoints

RUN = """
data: iris
train: {loss: cross_entropy, optimizer: {adam: RATE}, epochs: 3}
"""
COMPUTED = """\
network:
  inputs: {features: [4]}
  nodes:
    raw: {weight: {shape: [4, 3], init: 0}}
    kernel: raw / sum(raw)
    y: {dense: {features: 3, kernel: kernel}, from: features}
  output: y
"""
TIED = """\
network:
  inputs: {features: [4]}
  nodes:
    code: {dense: {features: 3, activation: tanh}, from: features}
    back: {dense: {features: 4, kernel: code.kernel, transpose: true}, from: code}
    scale: {weight: {shape: [4], init: 1}}
    y: {dense: {features: 3, kernel: kernel, bias: false}, from: scaled}
    kernel: 1 * code.kernel
    scaled: scale * back
  output: y
"""


def train(text, tmp_path, rate="0.05"):
    model = gc.compile(Source("tied.yaml", text + RUN.replace("RATE", rate)))
    return model.train(tmp_path / "run", cache=False)


def test_the_value_that_a_layer_is_given_is_named(tmp_path):
    with pytest.raises(RunError) as error:
        train(COMPUTED, tmp_path)
    (problem,) = error.value.diagnostics
    assert problem.message == "the value of `kernel` is not finite at step 0"
    assert (problem.span.source.name, problem.span.line) == ("tied.yaml", 5)


def test_the_layer_that_is_given_too_much_is_named(tmp_path):
    text = TIED.replace("init: 1", "init: 1e30").replace("1 * code", "1e20 * code")
    with pytest.raises(RunError) as error:
        train(text, tmp_path)
    (problem,) = error.value.diagnostics
    assert problem.message == "the value of `y` is not finite at step 0"
    assert problem.span.line == 7


def test_a_run_with_tied_weights_keeps_each_array_once(tmp_path):
    run = train(TIED, tmp_path)
    again = gc.load_run(tmp_path / "run")
    assert run.evaluate("test")["loss"] == pytest.approx(again.evaluate("test")["loss"])
    saved = checkpoint.read(checkpoints(tmp_path / "run/checkpoints")[-1])
    paths = {path for path in saved.arrays if path.startswith("params/")}
    assert paths == {
        f"params/{each}" for each in ("code/kernel", "code/bias", "back/bias", "scale")
    }
