"""The JSON Schema takes what graphc takes, and refuses common slips."""

import copy

import jsonschema
import pytest

from graphc.cli.new import KINDS, STARTERS
from graphc.core.tree import plain
from graphc.insight.schema import spec_schema
from graphc.spec.bundled import folder
from graphc.spec.reader import read_file

SCHEMA = spec_schema()
FILES = [
    *(path for kind in ("specs", "zoo", "blocks") for path in sorted(folder(kind).glob("*.yaml"))),
    *(STARTERS / f"{kind}.yaml" for kind in KINDS),
]
GOOD = {
    "graphc": 1,
    "params": {"units": 3, "widths": [3, 4]},
    "use": {"vision": "./blocks.yaml"},
    "blocks": {
        "mine": {
            "params": {"features": "int", "rate": 0.5, "body": {"type": "layers", "help": "x"}},
            "inputs": {"x": "any", "h": "zeros", "c": 0.0},
            "layers": [{"dense": "$features"}, {"dropout": "$rate"}],
        }
    },
    "network": {
        "inputs": {"x": [4], "y": {"int": [], "below": "$units"}},
        "nodes": {
            "a": {"dense": "2 * $units", "from": "x"},
            "b": {"layers": ["relu", {"mine": 3}, "mine", {"vision/stem": {}}], "from": ["a", "x"]},
            "c": "a + 1",
            "d": 0.5,
            "e": {"repeat": {"over": "$widths", "index": "w", "layers": [{"dense": "$w"}]}},
            "f": {"repeat": {"each": [["relu"], [{"dense": 3}]]}, "from": {"x": ["a", "b"]}},
            "g": {"parallel": {"branches": [["relu"], ["tanh"]], "join": "add"}},
            "h": {"conv": {"features": 3, "kernel": [3, 5], "kernel_init": 0.1}},
        },
        "output": "a",
    },
    "data": {"csv": {"path": "a.csv", "target": "t"}, "inputs": {"x": "features"}},
    "train": {"loss": "cross_entropy", "optimizer": {"adam": {"learning_rate": 1e-3}}},
}


def problems(value):
    return list(jsonschema.Draft7Validator(SCHEMA).iter_errors(value))


def changed(path, value):
    """GOOD with another value at a path; None takes it away."""
    spec = copy.deepcopy(GOOD)
    *way, last = path
    inner = spec
    for word in way:
        inner = inner[word]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return spec


def test_it_is_a_schema_of_draft_7():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_reference_leads_to_a_definition():
    found = set()

    def walk(value):
        if isinstance(value, dict):
            found.add(value.get("$ref"))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(SCHEMA)
    names = {ref.removeprefix("#/definitions/") for ref in found if isinstance(ref, str)}
    assert names <= set(SCHEMA["definitions"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_that_ships_is_valid(path):
    assert problems(plain(read_file(str(path)))) == []


def test_it_takes_all_forms():
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    "path, value",
    [
        (["trian"], {}),
        (["graphc"], 2),
        (["networks"], {"a": GOOD["network"]}),
        (["network", "layers"], ["relu"]),
        (["network", "nodes", "a"], {"dense": {"feature": 3}, "from": "x"}),
        (["network", "nodes", "a"], {"dense": 0}),
        (["network", "nodes", "a"], {"dense": 1.5}),
        (["network", "nodes", "a"], {"dense": {"features": 3, "activation": "flatten"}}),
        (["network", "nodes", "a"], {"dense": {"features": 3, "kernel_init": "he"}}),
        (["network", "nodes", "a"], {"conv": {"features": 3, "padding": "full"}}),
        (["network", "nodes", "a"], {"relu": None, "from": 3}),
        (["network", "nodes", "a"], ["relu"]),
        (["network", "nodes", "b"], {"layers": ["dense"]}),
        (["network", "nodes", "b"], {"layers": [3]}),
        (["network", "nodes", "e"], {"repeat": {"layers": ["relu"]}}),
        (["network", "nodes", "e"], {"repeat": {"over": [1], "layers": ["relu"]}}),
        (["network", "nodes", "g"], {"parallel": {"branches": "relu"}}),
        (["network", "inputs", "x"], 4),
        (["network", "inputs", "x"], {"int": [], "under": 3}),
        (["network", "outputs"], ["a"]),
        (["blocks", "mine", "inputs", "x"], "all"),
        (["blocks", "mine", "params", "body"], {"type": "steps"}),
        (["data"], "digit"),
        (["data"], {"digits": {"seed": 3}}),
        (["data"], {}),
        (["train", "loss"], None),
        (["train", "loss"], "crossentropy"),
        (["train", "optimizer"], "adam"),
        (["train", "optimizer"], {"adam": {"lr": 1e-3}}),
        (["train", "epoch"], 3),
        (["train", "epochs"], 0),
    ],
    ids=lambda value: str(value)[:40],
)
def test_it_refuses_slips(path, value):
    assert problems(changed(path, value))


def test_attributes_have_descriptions():
    dense = SCHEMA["definitions"]["long_step"]["properties"]["dense"]
    form = next(form for form in dense["anyOf"] if "properties" in form)
    assert form["properties"]["features"]["description"] == "how many numbers come out"
