"""The page of a network: it holds every node, needs nothing from elsewhere, and lays out well."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
import strategies
from hypothesis import given, settings

from graphc.checker import check
from graphc.core.span import Source
from graphc.insight.cost import cost_of_networks
from graphc.insight.levels import Value, Wire, levels_of
from graphc.insight.page.box import TIMES
from graphc.insight.page.layers import Lane, layered
from graphc.insight.page.page import page
from graphc.insight.painting import picture_of
from graphc.spec.bundled import bundled, names

PAIR = """\
graphc: 1
networks:
  encoder:
    inputs: {image: [8, 8, 1]}
    nodes:
      c: {conv: {features: 8, activation: relu}, from: image}
      "y": (1 - sigmoid(c)) * c
    output: "y"
  pair:
    inputs: {image: [8, 8, 1], other: [8, 8, 1]}
    nodes:
      a: encoder(image)
      b: encoder(other)
      d:
        layers:
          - flatten
          - residual: {body: [dense: 64], shortcut: project}
          - repeat: {times: 5, layers: [dense: 64]}
          - repeat: {times: 7, layers: [highway: [dense: 64]]}
        from: [a, b]
    output: d
"""
BUNDLED = [f"{kind}/{name}" for kind in ("specs", "zoo") for name in names(kind)]
VOID = {"meta", "input"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


class Reader(HTMLParser):
    """Collects elements, and checks that they are closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, i in self.open:
            self.texts[i] = self.texts.get(i, "") + data

    def having(self, name):
        """The elements with an attribute, by its value, each with its text."""
        return {
            attributes[name]: self.texts.get(i, "")
            for i, (_, attributes) in enumerate(self.elements)
            if name in attributes
        }


def checked(name):
    return check(Source("pair.yaml", PAIR) if name == "pair" else bundled(name))


def data_of(reader):
    return json.loads(reader.having("id")["data"])


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_every_node_has_a_box_with_its_name_and_a_note(name):
    spec = checked(name)
    reader = Reader(page(spec))
    boxes, notes = reader.having("id"), data_of(reader)["notes"]
    picture = picture_of(spec.networks)
    points = {each.id: each for each in picture.points}
    shown = {each["path"]: boxes[id] for id, each in notes.items()}
    assert set(points) <= set(shown)
    for path, point in points.items():
        assert point.name in shown[path] or f"{TIMES} {point.count}" in shown[path]


def test_calls_of_networks_within_one_another_are_a_box_each():
    twice = """
graphc: 1
networks:
  half: {inputs: {x: [4]}, layers: [{dense: 4}]}
  whole: {inputs: {x: [4]}, nodes: {y: half(half(x))}, output: y}
"""
    reader = Reader(page(check(Source("twice.yaml", twice))))
    boxes, notes = reader.having("id"), data_of(reader)["notes"]
    shown = {each["path"]: boxes[id] for id, each in notes.items()}
    assert "network half" in shown["whole/y"]
    assert "network half" in shown["whole/y:1"]


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_a_page_needs_nothing_from_elsewhere(name):
    text = page(checked(name))
    assert re.findall(r"\b(?:https?:|//)[\w.]+", text.replace("</", "")) == []
    reader = Reader(text)
    assert not [tag for tag, _ in reader.elements if tag in ("link", "img", "iframe", "base")]
    for tag, attributes in reader.elements:
        assert "src" not in attributes, tag
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"@import|fetch\(|XMLHttpRequest|import\(", text)


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_links_lead_to_the_lines_of_the_spec(name):
    spec = checked(name)
    reader = Reader(page(spec))
    ids = reader.having("id")
    assert {href.removeprefix("#") for href in reader.having("href")} <= set(ids)
    lines = [text for id, text in ids.items() if id.startswith("L0-")]
    assert "\n".join(each.rstrip() for each in lines) == spec.document.source.text.rstrip("\n")


def test_a_call_inside_of_a_formula_leads_to_the_network():
    text = """
    graphc: 1
    networks:
      inner: {inputs: {x: [4]}, layers: [{dense: 4}]}
      outer: {inputs: {x: [4]}, nodes: {y: "inner(tanh(x))"}, output: y}
    """
    found = page(check(Source("calls.yaml", text)))
    assert 'class="call"' in found


def test_names_and_texts_are_escaped():
    source = Source("<b>.yaml", PAIR.replace("graphc: 1", "graphc: 1  # </script><b>&"))
    text = page(check(source))
    assert "</script><b>" not in text and "&lt;/script&gt;&lt;b&gt;&amp;" in text


def test_repeats_are_shown_once_with_their_count_and_folded():
    text = page(checked("pair"))
    reader = Reader(text)
    boxes = {each for each in reader.having("id").values() if TIMES in each}
    assert any(f"d/repeat dense {TIMES} 5" in each for each in boxes)
    assert any(f"d/repeat_2 highway {TIMES} 7" in each for each in boxes)
    notes = data_of(reader)["notes"].values()
    [rows] = [dict(each["rows"]) for each in notes if each["path"] == "pair/d/repeat/0..4"]
    assert rows["parameters"] == f"4,160 {TIMES} 5 = 20,800"
    folded = [each for tag, each in reader.elements if tag == "details" and "open" not in each]
    assert any("many" in each["class"] for each in folded)


def test_shares_are_of_the_whole_network():
    text = page(check(Source("a.yaml", PAIR.split("  pair:")[0])))
    assert '<div title="100.0 % of all parameters">' in text


# Levels


def level_edges(name):
    picture = picture_of(checked(name).networks)
    return picture, levels_of(picture)


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_wires_lead_from_every_value_to_all_that_read_it(name):
    picture, root = level_edges(name)
    reached = {
        (wire.value.point, wire.value.port, edge.target)
        for level in root.all()
        for wire, edges in level.wires.items()
        for edge in edges
        if wire.target == edge.target
    }
    assert reached == {(each.source, each.port, each.target) for each in picture.edges}


@pytest.mark.parametrize("name", ["pair", *BUNDLED])
def test_costs_of_levels_add_up(name):
    spec = checked(name)
    _, root = level_edges(name)
    assert root.cost.parameters == cost_of_networks(spec.networks).parameters


# Layers


def well_laid_out(items, wires, layout):
    places = layout.places
    assert set(items) <= set(places)
    assert len(set(places.values())) == len(places)
    for wire in wires:
        way = [wire.source, *layout.lanes[wire], wire.target]
        rows = [places[each][0] for each in way]
        assert rows == list(range(rows[0], rows[0] + len(rows)))


def wires(*pairs):
    return [Wire(source, Value(source), target) for source, target in pairs]


def test_a_chain_with_a_way_around_is_straight():
    several = wires("ab", "bc", "cd", "ad")
    layout = layered("abcd", several)
    assert [layout.places[each] for each in "abcd"] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert [layout.places[each] for each in layout.lanes[several[-1]]] == [(1, 1), (2, 1)]


def test_branches_stand_under_what_they_start_from():
    layout = layered("abcde", wires("ab", "ac", "ad", "be", "ce", "de"))
    assert [layout.places[each] for each in "abcde"] == [(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)]


def test_a_value_has_one_lane_for_all_that_read_it():
    layout = layered("abcde", wires("ab", "bc", "cd", "de", "ad", "ae"))
    assert sum(isinstance(each, Lane) for each in layout.places) == 3


def test_a_constant_stands_just_above_its_reader():
    layout = layered("abck", wires("ab", "bc", "kc"))
    assert layout.places["k"][0] == 1


def test_ports_stand_at_the_top_and_at_the_bottom():
    layout = layered("iabo", wires("ia", "ab", "ao"), first="i", last="o")
    assert layout.places["i"][0] == 0 and layout.places["o"][0] == 3
    assert layered([], []).places == {}


@settings(max_examples=30)
@given(strategies.documents())
def test_generated_networks_are_laid_out(document):
    spec = check(Source("a.yaml", strategies.text(document)))
    for level in levels_of(picture_of(spec.networks)).all():
        items = [*level.ports, *level.points, *level.levels]
        first = [each for each in level.ports if each.kind == "in"]
        last = [each for each in level.ports if each.kind == "out"]
        well_laid_out(items, level.wires, layered(items, level.wires, first, last))
    Reader(page(spec))


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("name", ["pair", "specs/fashion_resnet"])
def test_a_browser_draws_the_wires(name, tmp_path):
    file = tmp_path / "a.html"
    file.write_text(page(checked(name)), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path}", "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert '<body class="scripted">' in done.stdout
    drawn = re.findall(r'<path d="(M[^"]*)"', done.stdout.split('id="paths"')[1])
    assert len(drawn) > 8 and not any("NaN" in each for each in drawn)
