"""Tables, costs and drawings."""

import json
from textwrap import dedent

import networkx as nx
import pytest

from graphc.checker import check
from graphc.core.span import Source
from graphc.graph.weights import WeightMap
from graphc.insight.cost import cost_of_networks
from graphc.insight.drawing import as_json, dot, mermaid
from graphc.insight.painting import picture_of
from graphc.insight.table import network_table, short
from graphc.spec.bundled import bundled, names

PAIR = """\
graphc: 1
networks:
  encoder:
    inputs: {image: [8, 8, 1]}
    nodes:
      c: {conv: {features: 8, activation: relu}, from: image}
      both: {conv: 4, from: [c, image]}
      y: 0.5 * both + (1 - sigmoid(both)) * both
    output: y
  pair:
    inputs: {image: [8, 8, 1], other: [8, 8, 1]}
    nodes:
      a: encoder(image)
      b: encoder(other)
      d:
        layers:
          - flatten
          - residual: {body: [dense: 64], shortcut: project}
          - repeat: {over: [32, 16, 16], index: width, layers: [dense: $width]}
        from: [a, b]
    output: d
"""
# Worked out by hand: `c` is 512 * (2 * 9 + 1), `both` 256 * (2 * 9 * 9 + 1), `y` 5 * 256.
TABLE = """\
node             operation        output     parameters   FLOPs                     line
----------------------------------------------------------------------------------------
network encoder  3 nodes                            408  52.7 k
  image          input            [8, 8, 1]
  c              conv             [8, 8, 8]          80   9,728                        6
  both           conv             [8, 8, 4]         328  41.7 k                        7
  y              formula          [8, 8, 4]           0   1,280                        8
network pair     10 nodes                        68,480   242 k
  image          input            [8, 8, 1]
  other          input            [8, 8, 1]
  a              network encoder  [8, 8, 4]           0  52.7 k                       13
  b              network encoder  [8, 8, 4]           0  52.7 k                       14
  d:x            concat           [8, 8, 8]           0       0                       16
  d/flatten      flatten          [512]               0       0                       17
  d/residual     residual         [64]           65,600   131 k                       18
    body/dense   dense            [64]           32,832  65.6 k                       18
    skip         shortcut         [64]           32,768  65.5 k  blocks/residual.yaml:18
    y            add              [64]                0      64  blocks/residual.yaml:19
  d/repeat       repeat           [16]            2,880   5,696                       19
    0            dense            [32]            2,080   4,128                       19
    1            dense            [16]              528   1,040                       19
    2            dense            [16]              272     528                       19
----------------------------------------------------------------------------------------
total            13 nodes                        68,888   242 k
"""
BUNDLED = [f"{kind}/{name}" for kind in ("specs", "zoo") for name in names(kind)]


def checked(name):
    source = Source("pair.yaml", PAIR) if name == "pair" else bundled(name)
    return check(source)


def test_the_table_shows_networks_blocks_and_repeats():
    spec = checked("pair")
    lines = network_table(spec.networks, spec.document.source).splitlines()
    assert lines == TABLE.splitlines()


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_parameters_are_those_of_the_weight_map(name):
    networks = checked(name).networks
    assert cost_of_networks(networks).parameters == WeightMap.of(networks).parameters


def test_equal_copies_of_a_repeat_are_one_row():
    text = PAIR.replace("over: [32, 16, 16], index: width, layers: [dense: $width]", "REPEAT")
    text = text.replace("REPEAT", "times: 100, layers: [dense: 64]")
    spec = check(Source("pair.yaml", text))
    table = network_table(spec.networks, spec.document.source)
    assert table.count("0..99 (each)  dense") == 1
    assert f"{100 * (64 * 64 + 64):,}" in table


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_drawings_are_whole(name):
    spec = checked(name)
    picture = picture_of(spec.networks)
    ids = [point.id for point in picture.points]
    groups = [group.id for group in picture.groups]
    assert len({*ids, *groups}) == len(ids) + len(groups)
    assert {end for edge in picture.edges for end in (edge.source, edge.target)} <= {*ids}
    assert {each.group for each in [*picture.points, *picture.groups]} <= {None, *groups}
    read = {edge.target for edge in picture.edges}
    alone = ("input", "constant", "weight")
    constant = {point.id for point in picture.points if point.operation in alone}
    assert {*ids} - read <= constant


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_parameters_of_a_drawing_add_up(name):
    networks = checked(name).networks
    picture = picture_of(networks)
    counts = {group.id: group for group in picture.groups}

    def times(each):
        count = each.count
        while each.group is not None:
            each = counts[each.group]
            count *= each.count
        return count

    total = sum(times(point) * point.cost.parameters for point in picture.points)
    assert total == cost_of_networks(networks).parameters


def test_dot_nests_clusters_and_quotes_names():
    text = dot(picture_of(checked("pair").networks), 'a "b"')
    assert text.startswith('digraph "a \\"b\\"" {')
    assert 'subgraph "cluster pair/d/residual" { label="d/residual: residual";' in text
    assert '"pair/d/residual/body/dense" -> "pair/d/residual/skip" [label="like"];' in text
    assert text.count("{") == text.count("}")


def test_mermaid_nests_subgraphs():
    text = mermaid(picture_of(checked("pair").networks), "pair")
    assert text.startswith("flowchart TD\n")
    assert text.count("subgraph") == text.splitlines().count("  end") + text.count("    end") == 4


def test_a_formula_is_one_point_and_reads_each_value_once():
    picture = picture_of(checked("pair").networks)
    edges = [edge for edge in picture.edges if edge.target == "encoder/y"]
    assert [edge.source for edge in edges] == ["encoder/both"]


def test_what_a_formula_hands_to_a_block_is_a_point_of_its_own():
    text = """\
graphc: 1
blocks:
  mix: {inputs: {a: any, b: any}, nodes: {y: a * b + a}, output: y}
network:
  inputs: {x: [4]}
  nodes: {z: "mix(x, 2 * (x + 1)) - x / 3"}
  output: z
"""
    picture = picture_of(check(Source("a.yaml", text)).networks)
    shown = [point.operation for point in picture.points if point.group is None]
    assert sorted(shown) == [
        "add",
        "constant",
        "constant",
        "formula",
        "input",
        "multiply",
        "output",
    ]
    graph = nx.DiGraph((edge.source, edge.target) for edge in picture.edges)
    assert nx.is_directed_acyclic_graph(graph)


def test_json_has_nodes_groups_and_edges():
    value = json.loads(as_json(picture_of(checked("pair").networks), "pair"))
    assert set(value) == {"name", "nodes", "groups", "edges"}
    node = next(each for each in value["nodes"] if each["id"] == "encoder/c")
    assert node["attributes"] == {"features": 8, "activation": "relu"}
    assert node["output"] == {"shape": [8, 8, 8], "dtype": "float", "below": None, "domain": []}
    assert (node["line"], node["parameters"], node["group"]) == (6, 80, "encoder")


@pytest.mark.parametrize(
    "number, text",
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (99_949, "99.9 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (3_200_000_000, "3.20 G"),
        (10**18, "1000 P"),
    ],
)
def test_counts_are_short(number, text):
    assert short(number) == text


def test_all_outputs_of_a_node_are_shown():
    text = """
    graphc: 1
    network:
      inputs: {x: [8]}
      layers:
        - {split: {into: [mean, log_variance]}, name: code}
        - {dense: 3, from: code.log_variance}
    """
    spec = check(Source("spec.yaml", dedent(text)))
    row = network_table(spec.networks, spec.document.source).splitlines()[3]
    assert "mean [4], log_variance [4]" in row
