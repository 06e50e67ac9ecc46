"""The JSON Schema takes what graphc takes, and refuses common slips."""

import copy

import jsonschema
import pytest
import strategies
from hypothesis import given

from graphc.build.wrappers import WRAPPER_FORMS
from graphc.checker import check
from graphc.cli.new import KINDS, STARTERS
from graphc.core.registry import operations
from graphc.core.span import Source
from graphc.core.tree import plain
from graphc.insight.example import example_of
from graphc.insight.schema import REGISTRIES, spec_schema
from graphc.spec.bundled import folder
from graphc.spec.document import STANDARD
from graphc.spec.dump import dump
from graphc.spec.reader import read, read_file
from graphc.spec.resolved import resolved

SCHEMA = spec_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
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
    return list(VALIDATOR.iter_errors(value))


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


@given(strategies.documents())
def test_it_takes_generated_specs_and_what_they_are_dumped_as(document):
    assert problems(document) == []
    networks = check(Source("a.yaml", strategies.text(document))).networks
    assert problems(plain(read(Source("a.yaml", dump(networks))))) == []


@pytest.mark.parametrize("name", [path for path in FILES if path.parent.name == "specs"], ids=str)
def test_it_takes_the_spec_that_a_run_keeps(name):
    kept = resolved(check(str(name)).document, {"steps_per_dispatch": 4})
    assert problems(plain(read(Source("spec.yaml", kept)))) == []


def test_a_block_or_a_network_may_hide_an_operation():
    block = {"params": {"units": "int"}, "layers": [{"conv": "$units"}]}
    spec = {
        "blocks": {"dense": block, "repeat": {"layers": ["relu"]}},
        "network": {"inputs": {"x": [4, 4, 1]}, "layers": [{"dense": {"units": 3}}, "repeat"]},
    }
    check(Source("a.yaml", strategies.text(spec)))
    assert problems(spec) == []
    spec["blocks"] = {"other": block}
    assert problems(spec) != []


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.noun)
def test_everything_that_is_declared_is_in_it_with_its_text_and_attributes(registry):
    for each in registry:
        name = "_".join([*registry.noun.split(), each.name])
        found = SCHEMA["definitions"][name]
        assert found["description"] == each.summary() and found["markdownDescription"]
        form = next(form for form in found["anyOf"] if "properties" in form)
        texts = {word: value["description"] for word, value in form["properties"].items()}
        assert texts == {attribute.name: attribute.help for attribute in each.attributes()}
        assert all(texts.values())


def test_every_key_has_a_text():
    definitions = {name: each for name, each in SCHEMA["definitions"].items()}

    def keys(value, path):
        """The schemas of all properties with the paths that lead to them."""
        if isinstance(value, dict):
            if isinstance(value.get("properties"), dict) and "if" not in path[-1:]:
                yield from ((each, (*path, key)) for key, each in value["properties"].items())
            for key, each in value.items():
                yield from keys(each, (*path, key))
        elif isinstance(value, list):
            for each in value:
                yield from keys(each, path)

    def text(value):
        reference = value.get("$ref", "").rpartition("/")[2]
        return value.get("description") or (reference and text(definitions[reference]))

    assert [path for value, path in keys(SCHEMA, ("root",)) if not text(value)] == []


@pytest.mark.parametrize("word", [*(each.name for each in operations), *STANDARD, *WRAPPER_FORMS])
def test_every_step_can_be_completed(word):
    step, long = SCHEMA["definitions"]["step"], SCHEMA["definitions"]["long_step"]
    offered = {each["label"] for each in step["defaultSnippets"]}
    reference = long["properties"][word].get("$ref", "").rpartition("/")[2]
    form = SCHEMA["definitions"].get(reference, long["properties"][word])
    assert word in offered or not form.get("doNotSuggest", False)


@pytest.mark.parametrize("operation", operations, ids=lambda each: each.name)
def test_examples_of_operations_are_valid(operation):
    written = example_of(operation).declaration.write()
    assert (
        problems(changed(["network", "nodes", "a"], {operation.name: written, "from": "x"})) == []
    )


def test_errors_of_attributes_are_about_them_alone():
    """Alternatives of different types are one schema, so that an editor need not guess."""
    [error] = problems(changed(["network", "nodes", "a"], {"dense": {"feature": 3, "bias": True}}))
    leaves = [each for each in error.context if list(each.path)[:1] == ["dense"]]
    [both] = {each.validator for each in leaves} and [
        {inner.message for each in leaves for inner in each.context}
    ]
    assert both == {
        "Additional properties are not allowed ('feature' was unexpected)",
        "'features' is a required property",
    }
