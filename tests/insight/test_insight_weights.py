"""What is shown of weights that are values: each array once, and the edge that leads from it."""

import json

import jsonschema
import pytest
import yaml

from graphc.checker import check
from graphc.compiler import compile
from graphc.core.span import Source
from graphc.graph.weights import WeightMap
from graphc.insight.cost import cost_of_networks
from graphc.insight.drawing import as_json, dot, mermaid
from graphc.insight.explanation import explanation
from graphc.insight.painting import picture_of
from graphc.insight.reference import page_of
from graphc.insight.schema import spec_schema

TIED = """\
network:
  inputs: {words: {int: [], below: 11}}
  nodes:
    token: {embed: 4, from: words}
    shift: {weight: [4]}
    body: token + shift
    again: {dense: {features: 4, kernel: kernel, bias: false}, from: body}
    kernel: {weight: [4, 4]}
    deep: {repeat: {times: 2, layers: [{dense: {features: 4, kernel: kernel}}]}, from: again}
    logits:
      dense: {features: $words.below, kernel: token.table, transpose: true, bias: false}
      from: deep
  output: logits
"""


@pytest.fixture(scope="module")
def networks():
    return check(Source("tied.yaml", TIED)).networks


def edges(networks):
    found = json.loads(as_json(picture_of(networks), "tied"))["edges"]
    return {(each["from"], each["to"], each["input"], each["port"]) for each in found}


def test_every_array_is_counted_once(networks):
    cost = cost_of_networks(networks)
    assert cost.parameters == WeightMap.of(networks).parameters == 44 + 4 + 16 + 2 * 4
    assert cost.flops == 4 + 3 * (2 * 4 * 4) + 2 * 4 + 2 * 4 * 11


def test_drawings_have_the_edges_from_arrays(networks):
    assert {
        ("token", "logits", None, "table"),
        ("kernel", "again", "kernel", None),
        ("kernel", "deep/0..1", "kernel", None),
        ("shift", "body", None, None),
    } <= edges(networks)
    assert '"token" -> "logits" [label="table"]' in dot(picture_of(networks), "tied")
    assert '-->|"kernel"|' in mermaid(picture_of(networks), "tied")


def test_the_explanation_names_the_array_where_it_is_kept():
    text = explanation(compile(Source("tied.yaml", TIED)))
    rows = [line.split() for line in text.splitlines()]
    assert ["token/table", "[11,", "4]", "token/embedding", "whole"] in rows
    assert ["shift", "[4]", "shift", "whole"] in rows


def test_the_schema_takes_the_names_of_values():
    schema = jsonschema.Draft7Validator(spec_schema())
    assert schema.is_valid(yaml.safe_load(TIED))
    assert not schema.is_valid(yaml.safe_load(TIED.replace("kernel: token.table", "kernel: 3")))
    assert not schema.is_valid(yaml.safe_load(TIED.replace("weight: [4]", "weight: {size: 4}")))


@pytest.mark.parametrize(
    "name, line",
    [
        ("dense", "  kernel: the name of a value; default none"),
        ("dense", "  those that are trained may be given under `from` by their names instead"),
        ("batch_norm", "  scale: [32] for an input [32]"),
        ("weight", "  the value: [2]"),
    ],
)
def test_the_page_of_an_operation_tells_of_its_arrays(name, line):
    assert line in page_of(name).splitlines()
