"""The JSON Schema of a spec's sections: inputs, networks, blocks and the whole."""

from __future__ import annotations

from graphc.build.steps import PARAMETER_TYPES
from graphc.insight.schema_forms import (
    PARAMETER,
    PRECISION,
    TEXT,
    closed,
    either,
    mapping,
    not_both,
    reference,
    with_parameters,
)
from graphc.insight.schema_steps import CHAIN, REFERENCE, own_names
from graphc.ops.networks import OF_OTHERS, Role
from graphc.ops.sources.axes import AXIS_SCHEMA
from graphc.spec.document import VERSION

_GRAPHS = {
    "blocks": "named subgraphs, used like operations; every use has weights of its own",
    "network": "what is computed: `inputs`, and `layers`, or `nodes` with an `output`",
    "networks": "several networks by name; calls of one share its weights",
}
_SIZE = either({"type": "integer", "minimum": 1}, PARAMETER)
_SHAPE = {"type": "array", "items": _SIZE}
_SEQUENCE = {"type": "array", "items": either(_SIZE, AXIS_SCHEMA)}
_AXIS = {"enum": ["time"], "description": "what lies along it"}
_NOT_OF_OTHERS = (
    *(("inputs",), ("layers",), ("nodes",)),
    *(("frozen", "copy"), ("frozen", "average")),
)
_OUTPUT = "the value that comes out, `h` or `h.port`; for `layers` the last"


def document() -> dict:
    """The schema of the whole, without its definitions.

    A block or a network may hide an operation by taking its name. What steps say is not looked at
    then: their attributes are those of the block.
    """
    free = {"propertyNames": {"pattern": f"^(?!({'|'.join(own_names())})$)"}}
    params = "values by name: `$name` stands for one, `--set name=value` replaces it"
    axes = "axes of steps beside `time`, each with its kind: `{source: time, target: time}`"
    use = "blocks and networks of other files, by a name: `{resnet: zoo/resnet}`"
    properties = {
        "graphc": {"const": VERSION, "description": "the version of the language"},
        "params": mapping({}, description=params),
        "use": mapping(TEXT, description=use),
        **{name: {"type": "object", "description": text} for name, text in _GRAPHS.items()},
        "data": reference("data_section"),
        "train": reference("train"),
        "search": reference("search"),
        "axes": mapping(_AXIS, description=axes),
    }
    looked_at = {
        "if": {"properties": {"blocks": free, "networks": free}},
        "then": {"properties": {name: reference(name) for name in _GRAPHS}},
    }
    one = {"anyOf": [{"required": [name]} for name in _GRAPHS]}
    needs = {"train": ["data"], "search": ["train"]}
    return closed(
        properties, dependencies=needs, allOf=[looked_at, one, not_both("network", "networks")]
    )


def section_definitions(training: dict, search: dict) -> dict[str, dict]:
    """The definitions of the sections and of what stands in them."""
    return {
        "blocks": mapping(reference("block"), description=_GRAPHS["blocks"]),
        "network": _network(),
        "networks": mapping(reference("network"), description=_GRAPHS["networks"], minProperties=1),
        "block": _block(),
        "block_parameter": _block_parameter(),
        "input": _input(),
        "data_section": {
            "description": "where examples come from",
            "anyOf": [reference("data_source")],
        },
        "fields": {
            "description": "the field of the data for each input, where the names differ",
            "type": "object",
            "additionalProperties": {"not": {"type": ["object", "array"]}},
        },
        "train": training,
        "search": search,
    }


def _network() -> dict:
    inputs = mapping(
        reference("input"),
        description="what goes in, by name: `{image: [28, 28, 1]}`",
        minProperties=1,
    )
    role = next(form for form in with_parameters(Role.schema())["anyOf"] if "properties" in form)
    words = role["properties"]
    properties = {"inputs": inputs, "precision": PRECISION, **words}
    section = _section(properties, _GRAPHS["network"])
    own = {"allOf": section.pop("allOf"), "required": ["inputs"]}
    return section | {
        "if": {"anyOf": [{"required": [word]} for word in OF_OTHERS]},
        "then": {
            "not": {"anyOf": [{"required": [word]} for word in ("inputs", "layers", "nodes")]}
        },
        "else": own,
        "dependencies": {"average": ["decay"], "decay": ["average"], "every": ["copy"]},
    }


def _block() -> dict:
    inputs = {
        "description": "`any`, or the value where a call gives none",
        **either({"type": "number"}, {"enum": ["any", "zeros", "ones"]}, PARAMETER),
    }
    properties = {
        "params": mapping(reference("block_parameter"), description="what a use of it may say"),
        "inputs": mapping(inputs, description="its inputs by name; left out, one called `x`"),
    }
    return _section(properties, "a subgraph that is used like an operation")


def _section(properties: dict, text: str) -> dict:
    body = {
        "layers": CHAIN,
        "nodes": mapping(reference("node"), description="steps and formulas by name, in any order"),
        "output": REFERENCE | {"description": _OUTPUT},
        "outputs": {
            "description": "several values that come out, the main one first",
            "type": "array",
            "items": REFERENCE,
            "minItems": 1,
            "uniqueItems": True,
        },
        "help": {"description": "a text about it", "anyOf": [TEXT, {}]},
        "initial": mapping(_initial(), description="what values are before the first step"),
    }
    one_body = {"anyOf": [{"required": ["layers"]}, {"required": ["nodes"]}]}
    ends = [{"required": ["layers"]}, {"required": ["output"]}, {"required": ["outputs"]}]
    return {
        "description": text,
        **closed(
            properties | body,
            allOf=[
                one_body,
                not_both("layers", "nodes"),
                not_both("output", "outputs"),
                {"anyOf": ends},
            ],
        ),
    }


def _initial() -> dict:
    shape = {"shape": _SHAPE | {"description": "of the value at one step"}}
    value = {"type": ["number", "string"], "description": "the same number everywhere"}
    number = closed(shape | {"constant": value}, required=["constant"])
    learned = {"description": "a weight: `{}`, or `{init: normal}`"}
    weight = closed(shape | {"learned": learned}, required=["learned"])
    formula = {"type": ["string", "number"], "description": "a formula: `h0`, `last(encoder)`"}
    return either(formula, number, weight)


def _input() -> dict:
    below = {
        "description": "one more than the largest value; `data` takes it from the data",
        **either({"type": "integer", "minimum": 1}, {"const": "data"}, PARAMETER),
    }
    kinds = {
        word: {"description": f"{text}: `[]` is one for each example", **either(_SEQUENCE)}
        for word, text in (
            ("int", "whole numbers"),
            ("bool", "true or false"),
            ("float", "numbers"),
            ("shape", "numbers"),
        )
    }
    longest = {
        "description": "of sequences or graphs of different size: how many steps or nodes at most",
        **either({"type": "integer", "minimum": 1}, {"const": "any"}, PARAMETER),
    }
    form = closed(kinds | {"below": below, "at_most": longest}, minProperties=1)
    text = "the shape of one example, `[28, 28, 1]` or `[time, 8]`, or `{int: [], below: 10}`"
    return {"description": text, **either(_SEQUENCE, form, PARAMETER)}


def _block_parameter() -> dict:
    kinds = {"enum": list(PARAMETER_TYPES), "description": "what it holds"}
    form = closed(
        {
            "type": kinds,
            "default": {"description": "its value where a use gives none"},
            "help": {"description": "what it is for"},
        },
        required=["type"],
    )
    default = {"type": ["string", "number", "boolean", "array"]}
    text = "a type, which makes it required, or a default, which fixes the type"
    return {"description": text, **either(form, default, {"enum": list(PARAMETER_TYPES)})}
