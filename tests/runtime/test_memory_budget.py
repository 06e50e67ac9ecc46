"""`train: {remat: {under: ...}}`: as little is computed again as a budget takes."""

import re

import pytest

import graphc as gc
from graphc.build.training import TRAINING
from graphc.checker import check
from graphc.core.diagnostic import SpecError
from graphc.core.sizes import size
from graphc.core.span import Source
from graphc.plan.rematerialising import with_most_kept

SPEC = """\
graphc: 1
blocks:
  wide: {inputs: {x: any}, layers: [{dense: {features: 256, activation: gelu}}, {dense: 64}]}
network:
  inputs: {image: [8, 8, 1]}
  nodes:
    x: {layers: [flatten, {dense: 64}], from: image}
    few: {repeat: {times: 8, layers: [{residual: [wide: {}]}]}, from: x}
    many: {repeat: {times: 16, layers: [{residual: [wide: {}]}]}, from: few}
    y: {dense: 10, from: many}
  output: y
data: digits
train: {loss: {cross_entropy: {class_weights: balanced}}, batch_size: 512, epochs: 1, remat: BUDGET}
"""


def model(budget):
    text = SPEC.replace(
        ", remat: BUDGET", "" if budget is None else f", remat: {{under: {budget}}}"
    )
    return gc.compile(Source("given.yaml", text), device="cpu")


def step(made):
    """The peak of a step, and what marks it has."""
    compiled = made.with_data()[1]
    marks = [node.name for node in compiled.checked.networks[""].nodes if node.remat]
    return made.analyse().xla.memory.peak, marks


@pytest.fixture(scope="module")
def plain():
    return step(model(None))


def test_a_budget_that_is_kept_anyway_changes_nothing(plain):
    assert step(model("1 GiB")) == plain
    assert plain[1] == []


def test_what_keeps_most_is_computed_again_first_and_no_more_than_it_takes(plain):
    budget = plain[0] - 2**20
    peak, marks = step(model(f"{budget // 1024} KiB"))
    assert marks == ["many"] and peak <= budget


def test_classes_are_weighed_and_epochs_counted_as_ever(plain):
    budgeted = model(f"{(plain[0] - 2**20) // 1024} KiB").with_data()[1]
    known = model(None).with_data()[1]
    assert budgeted.choices == known.choices
    assert budgeted.source != known.source


def test_what_cannot_be_kept_is_told_with_what_it_takes(plain):
    with pytest.raises(SpecError) as caught:
        model("1 MiB").with_data()
    problem = caught.value.diagnostics[0]
    assert problem.code == "GC429" and problem.span.line == 13
    least = re.search("needs (.*) even", problem.message)[1]
    above = model(f"{float(least.split()[0]) + 0.1:.2f} {least.split()[1]}")
    assert step(above)[1] == ["few", "many"]
    assert size(plain[0]) != least


def test_a_block_that_holds_most_of_a_network_is_looked_into():
    text = """
graphc: 1
blocks:
  body:
    nodes:
      a: {dense: {features: 40, activation: gelu}, from: x}
      b: {residual: [{dense: {features: 30, activation: gelu}}, {dense: 40}], from: a}
      c: {residual: [{dense: {features: 60, activation: gelu}}, {dense: 40}], from: b}
      d: {residual: [{dense: {features: 50, activation: gelu}}, {dense: 40}], from: c}
      e: {residual: [{dense: {features: 40, activation: gelu}}, {dense: 40}], from: d}
      f: {dense: {features: 100, activation: tanh}, from: e}
    output: f
network:
  inputs: {features: [4]}
  layers: [body: {}, dense: 3]
data: iris
train: {loss: cross_entropy}
"""
    checked = check(Source("given.yaml", text))
    found = with_most_kept(checked.networks, TRAINING)
    assert [path.split("/", 1)[1] for path in found] == ["c", "d", "e", "b", "f", "a"]


@pytest.mark.parametrize("word", ["500", "0 MiB", "500 MB", "-1 GiB", "[1 GiB]"])
def test_what_is_no_amount_of_memory_is_told(word):
    with pytest.raises(SpecError, match="GC210"):
        model(word)


def test_it_is_written_as_it_was_read():
    training = model("1.5 GiB").compiled.checked.document.training
    assert training.remat.write() == {"under": "1536 MiB"}
