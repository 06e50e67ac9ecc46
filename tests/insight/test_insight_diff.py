"""Two specs compared: what corresponds, what differs, and whether the programs are the same."""

import ast
import json
import random
import re
import time

import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from graphc.checker import check
from graphc.compiler import compile
from graphc.core.span import Source
from graphc.insight.diff.comparison import compare
from graphc.insight.diff.report import as_json, as_text
from graphc.spec.bundled import bundled, names

BUNDLED = [f"{kind}/{name}" for kind in ("specs", "zoo") for name in names(kind)]
SPEC = """\
graphc: 1
blocks:
  cell:
    params: {features: int}
    nodes:
      h: {dense: {features: $features, activation: tanh}}
      y: h * x + 0.5
    output: y
network:
  inputs: {image: [8, 8, 1], extra: [4]}
  nodes:
    c: {layers: [{conv: {features: 4, kernel: 3}}, {max_pool: 2}, flatten], from: image}
    d: {dense: 16, from: c}
    cells: {repeat: {times: 6, layers: [{cell: 16}]}, from: d}
    e: {dense: 16, from: extra}
    z: cells - e
    logits: {dense: 3, from: z}
  output: logits
"""


def checked(text):
    return check(Source("a.yaml", text))


def diff(old, new="", spec=SPEC):
    """The comparison of a spec with the one where `old` is `new`."""
    assert old == "" or old in spec
    return compare(checked(spec), checked(spec.replace(old, new) if old else spec))


def rows(found, *kinds):
    """(path, what, before, after) of the rows of some kinds."""
    return [
        (change.path, row.what, row.before, row.after)
        for change in found.changes
        for row in change.rows
        if row.kind in kinds and change.kind == "changed"
    ]


def those(found, kind):
    return [change.path for change in found.changes if change.kind == kind]


@pytest.mark.parametrize("name", BUNDLED)
def test_a_spec_does_not_differ_from_itself(name):
    spec = check(bundled(name))
    found = compare(spec, check(bundled(name)))
    assert found.same and found.program == "same" and found.totals[0] == found.totals[1]
    source = spec.document.source
    words = f"{source.name} -> {source.name}\nnothing differs\nthe programs are the same\n"
    assert as_text(found, source, source) == words


def test_an_attribute_and_the_shapes_that_follow_from_it():
    found = diff("features: 4, kernel: 3", "features: 8, kernel: 3, bias: false")
    assert rows(found, "attribute") == [
        ("c/conv", "features", "4", "8"),
        ("c/conv", "bias", "true", "false"),
    ]
    assert rows(found, "output") == [
        ("c/conv", "output", "[8, 8, 4]", "[8, 8, 8]"),
        ("c/max_pool", "output", "[4, 4, 4]", "[4, 4, 8]"),
        ("c/flatten", "output", "[64]", "[128]"),
    ]
    # conv: 4 * (9 + 1) -> 8 * 9; `d`: 16 * (64 + 1) -> 16 * (128 + 1)
    costs = {change.path: [each.parameters for each in change.costs] for change in found.changes}
    assert costs["c/conv"] == [40, 72] and costs["d"] == [1040, 2064]
    assert found.totals[1].parameters - found.totals[0].parameters == 32 + 1024
    assert found.program == "different"


def test_a_layer_in_between_is_added_and_its_reader_rewired():
    found = diff("{max_pool: 2}, flatten", "{max_pool: 2}, batch_norm, flatten")
    assert those(found, "added") == ["c/batch_norm"] and those(found, "removed") == []
    moved = rows(found, "reads", "name", "attribute")
    assert moved == [("c/flatten", "reads", "c/max_pool", "c/batch_norm")]


def test_a_layer_before_equal_ones_renames_those_called_after_their_operation():
    chain = "graphc: 1\nnetwork: {inputs: {x: [4]}, layers: [relu, %s{dense: 4}, {dense: 3}]}\n"
    found = compare(checked(chain % ""), checked(chain % "{dense: 4}, "))
    assert those(found, "added") == ["dense_2"]
    assert ("dense_3", "name", "dense_2", "dense_3") in rows(found, "name")


def test_given_names_are_kept_whatever_else_changes():
    found = diff(
        "e: {dense: 16, from: extra}", "e: {conv: 16, from: extra}".replace("conv", "dense")
    )
    assert found.same
    found = diff("z: cells - e", "z: {concat: {}, from: [e, cells]}")
    assert rows(found, "operation") == [("z", "operation", "subtract", "concat")]
    assert rows(found, "reads") == [
        ("z", "reads, 1.", "cells/y", "e"),
        ("z", "reads, 2.", "e", "cells/y"),
    ]


def test_renamed_nodes_are_found_by_what_is_around_them():
    text = SPEC.replace("d: {", "hidden: {").replace("from: d", "from: hidden")
    text = text.replace("h: {", "cand: {").replace("h * x", "cand * x")
    found = compare(checked(SPEC), checked(text))
    assert rows(found, "name") == [
        ("cells/cand", "name", "h", "cand"),
        ("hidden", "name", "d", "hidden"),
    ]
    assert len(found.changes) == 2 and found.program == "renamed"


def test_the_order_of_operands_counts():
    assert rows(diff("cells - e", "e - cells"), "reads") == [
        ("z", "reads as a", "cells/y", "e"),
        ("z", "reads as b", "e", "cells/y"),
    ]


def test_formulas_are_compared_by_what_they_do():
    assert rows(diff("h * x + 0.5", "h * x - 0.5"), "attribute") == [
        ("cells/y", "formula", "h * x + 0.5", "h * x - 0.5")
    ]
    assert diff("h * x + 0.5", "(h * x) + 0.50").same


def test_a_repeat_is_compared_once_with_its_copies():
    found = diff("times: 6", "times: 4")
    assert rows(found, "copies", "attribute", "output") == [("cells", "copies", "6", "4")]
    [change] = found.changes
    # each cell is a dense of 16 * 17
    assert [each.parameters for each in change.costs] == [6 * 272, 4 * 272]


def test_blocks_are_compared_inside():
    found = diff("activation: tanh", "activation: relu")
    assert rows(found, "attribute") == [("cells/h", "activation", "tanh", "relu")]
    assert those(found, "added") == those(found, "removed") == []


def test_inputs_and_outputs_belong_to_the_network():
    found = diff("extra: [4]", "extra: [5]")
    assert rows(found, "output") == [("extra", "output", "[4]", "[5]")]
    found = diff("output: logits", "outputs: [logits, z]")
    assert those(found, "added") == ["z"] and found.program == "different"


def test_networks_correspond_by_name_or_by_being_trained():
    one = "graphc: 1\nnetworks:\n  a: {inputs: {x: [4]}, layers: [{dense: 3}]}\n"
    other = one + "  b: {inputs: {x: [4]}, nodes: {y: a(x)}, output: y}\n"
    found = compare(checked(one), checked(other))
    assert [(each.kind, each.path) for each in found.changes] == [("added", "b")]
    single = "graphc: 1\nnetwork: {inputs: {x: [4]}, layers: [{dense: 3}]}\n"
    assert compare(checked(one), checked(single)).program == "renamed"


def test_settings_that_differ_are_listed_and_leave_the_program_alone():
    train = "data: iris\ntrain: {loss: cross_entropy, epochs: 3, optimizer: {adam: 1e-3}}\n"
    one = "graphc: 1\nnetwork: {inputs: {features: [4]}, layers: [{dense: 3}]}\n" + train
    found = diff("epochs: 3", "seed: 4", one)
    settings = [(each.what, each.before, each.after) for each in found.settings]
    assert settings == [("train.epochs", "3", "10"), ("train.seed", "0", "4")]
    assert found.program == "same"
    found = diff("{adam: 1e-3}", "{sgd: 0.1}", one)
    [row] = found.settings
    assert (row.what, row.before, row.after) == ("train.optimizer", "{adam: 0.001}", "{sgd: 0.1}")
    assert found.program == "different"
    found = diff("data: iris", "data: {iris: {test: 0.5}}", one)
    assert [each.what for each in found.settings] == ["data.iris.test"]
    found = diff(train, "", one)
    assert [each.what for each in found.settings] == ["data", "train"]


# Programs


def bare(text):
    """The emitted module without what is for readers, its classes numbered."""
    tree = ast.parse(compile(Source("a.yaml", text)).source)
    classes = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            classes[node.name] = f"Class{len(classes)}"
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            body[:1] = [] if isinstance(body[0].value, ast.Constant) else body[:1]
        if isinstance(node, ast.ClassDef):
            node.name = classes[node.name]
        if isinstance(node, ast.Name):
            node.id = classes.get(node.id, node.id)
    return ast.dump(tree)


@pytest.mark.parametrize(
    "program, changes",
    [
        ("same", {}),
        ("same", {"  cell:": "  unit:", "{cell:": "{unit:"}),
        ("same", {"{features: int}": "{size: int}", "$features": "$size"}),
        ("same", {"    e: {dense": "    unused: 2 * d\n    e: {dense"}),
        ("same", {"from: c}": "from: c2}\n    c2: {identity: {}, from: c}"}),
        ("same", {"flatten]": "flatten, flatten]"}),
        ("same", {"cells - e": "(cells) - (e)"}),
        ("same", {"from: extra": "from: extra}\n    k: {dense: 2, from: d"}),
        ("renamed", {"    e: {": "    f: {", "cells - e": "cells - f"}),
        ("renamed", {"extra": "more"}),
        ("renamed", {"h: {": "g: {", "h * x": "g * x"}),
        ("different", {"features: 4": "features: 5"}),
        ("different", {"cells - e": "cells + e"}),
        ("different", {"cells - e": "e - cells"}),
        ("different", {"times: 6": "times: 5"}),
        ("different", {"max_pool: 2": "average_pool: 2"}),
    ],
)
def test_the_verdict_is_that_of_the_emitted_modules(program, changes):
    text = SPEC
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert compare(checked(SPEC), checked(text)).program == program
    if "$size" not in text:  # what a constructor calls its arguments
        assert (program == "same") == (bare(SPEC) == bare(text))


@settings(max_examples=25)
@given(strategies.documents(depth=1), st.integers(0, 100))
def test_the_order_of_keys_never_makes_a_difference(document, seed):
    pick = strategies.Seeded(seed)
    text = strategies.text(document)
    other = strategies.text(
        strategies.shuffled(document, pick, lambda path: path[-1:] == ("nodes",))
    )
    found = compare(checked(text), checked(other))
    assert found.same and found.program == "same"


@settings(max_examples=25)
@given(strategies.documents(depth=1), strategies.documents(depth=1))
def test_any_two_specs_can_be_compared(one, other):
    texts = strategies.text(one), strategies.text(other)
    found = compare(*map(checked, texts))
    assert (found.program == "same") == (bare(texts[0]) == bare(texts[1]))
    source = Source("a.yaml", "")
    assert as_text(found, source, source).endswith("\n") and json.loads(as_json(found))
    back = compare(*map(checked, texts[::-1]))
    assert back.program == found.program and back.totals == found.totals[::-1]


# Text and JSON


def test_the_text_lists_equal_changes_as_one():
    text = SPEC.replace("times: 6, layers: [{cell: 16}]", "over: [1, 2], index: i, layers: [X]")
    text = text.replace("X", "{dense: {features: 16, bias_init: $i}}, {cell: 16}")
    one, other = checked(text), checked(text.replace("tanh", "relu"))
    shown = as_text(compare(one, other), one.document.source, other.document.source)
    assert "cells/0/cell/h and 1 like it  dense  line 6  activation  tanh -> relu\n" in shown
    assert shown.endswith("\n\nthe programs differ\n")


def test_the_json_has_everything():
    value = json.loads(as_json(diff("{max_pool: 2}, flatten", "{dropout: 0.5}, flatten")))
    assert value["program"] == "different" and not value["same"]
    assert value["parameters"][1] - value["parameters"][0] == 16 * (256 - 64)
    kinds = {
        (each["change"], (each["after"] or each["before"])["path"]) for each in value["changes"]
    }
    assert {("added", "c/dropout"), ("removed", "c/max_pool")} <= kinds


def test_large_networks_are_aligned_quickly():
    draw = random.Random(1)
    lines = ["n0: {dense: 4, from: x}"]
    for i in range(1, 1500):
        near = max(0, i - 1 - int(draw.expovariate(0.3)))
        lines.append(draw.choice((f"n{i}: n{i - 1} + n{near}", f"n{i}: tanh(n{i - 1})")))
    nodes = "".join(f"    {line}\n" for line in lines)
    text = f"graphc: 1\nnetwork:\n  inputs: {{x: [4]}}\n  nodes:\n{nodes}  output: n1499\n"
    one, other = checked(text), checked(re.sub(r"\bn700\b", "m", text))
    start = time.perf_counter()
    found = compare(one, other)
    assert time.perf_counter() - start < 20
    assert rows(found, "name") == [("m", "name", "n700", "m")] and len(found.changes) == 1
