"""How many equal layers become a loop on a CPU."""

import pytest

from graphc import compiler
from graphc.core.forms import CPU
from graphc.core.span import Source

SPEC = """graphc: 1
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - flatten
    - dense: 8
    - {repeat: {times: %d, layers: [%s]}, remat: %s}
    - dense: 10
data: digits
train: {loss: cross_entropy, optimizer: {adam: 1e-3}}
"""
LAYER = "{residual: [{dense: 16}, relu, {dense: 8}]}"


def rolled(times, layer=LAYER, remat="false"):
    source = Source("spec.yaml", SPEC % (times, layer, remat))
    compiled = compiler.compile(source, forms=CPU)
    said = [each.text for report in compiled.passes for each in report.remarks]
    assert any("one scan" in each or "train faster one by one" in each for each in said)
    return "scan_layers(" in compiled.source


@pytest.mark.parametrize(("times", "expected"), [(4, False), (12, False), (13, True), (50, True)])
def test_many_layers_are_a_loop(times, expected):
    assert rolled(times) == expected


@pytest.mark.parametrize("times", [3, 4, 12])
@pytest.mark.parametrize(
    ("layer", "remat"),
    [(LAYER, "true"), ("{residual: [{dense: 16}, relu, {dense: 8}], remat: true}", "false")],
)
def test_layers_that_are_computed_again_are_one_from_four_on(times, layer, remat):
    assert rolled(times, layer, remat) == (times >= 4)
