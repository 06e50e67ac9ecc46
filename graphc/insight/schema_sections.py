"""The JSON Schema of a spec's sections: inputs, networks, blocks, data and the whole."""

from __future__ import annotations

from graphc.build.steps import PARAMETER_TYPES
from graphc.core.registry import sources
from graphc.insight.schema_steps import CHAIN
from graphc.spec.document import VERSION

_PARAMETER = {"$ref": "#/definitions/parameter"}
_TEXT = {"type": "string"}
_SHAPE = {
    "description": "the shape of one example; the batch axis is never written",
    "type": "array",
    "items": {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "description": "a domain (`time`, `nodes`) or a parameter"},
        ]
    },
}


def document() -> dict:
    """The schema of the whole, without its definitions."""
    return {
        "type": "object",
        "properties": {
            "graphc": {"const": VERSION, "description": "the version of the language"},
            "params": {
                "description": "named values: `$name` stands for them, `--set` replaces them",
                "type": "object",
            },
            "use": {
                "description": "blocks and networks of other files, by a name: `./file.yaml`",
                "type": "object",
                "additionalProperties": _TEXT,
            },
            "axes": {"description": "further axes of time and sets of nodes", "type": "object"},
            "blocks": {
                "description": "named subgraphs; every call of one has fresh weights",
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/block"},
            },
            "network": {"$ref": "#/definitions/network"},
            "networks": {
                "description": "several networks by name; calls of one share its weights",
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/network"},
                "minProperties": 1,
            },
            "data": {"$ref": "#/definitions/data"},
            "train": {"$ref": "#/definitions/train"},
        },
        "additionalProperties": False,
        "not": {"required": ["network", "networks"]},
    }


def section_definitions(training: dict) -> dict[str, dict]:
    """The definitions `input`, `network`, `block`, `block_parameter`, `data` and `train`."""
    return {
        "input": _input(),
        "network": _section({"$ref": "#/definitions/input"}, {}),
        "block": _section(_block_input(), {"params": _block_parameters()}),
        "block_parameter": _block_parameter(),
        "data": _data(),
        "train": {"description": "how the network is trained"} | training,
    }


def _section(input: dict, more: dict) -> dict:
    properties = {
        "help": _TEXT,
        **more,
        "inputs": {"type": "object", "additionalProperties": input},
        "layers": CHAIN,
        "nodes": {
            "description": "steps and formulas by name, in any order",
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/node"},
        },
        "output": _TEXT | {"description": "the value that comes out; for `layers` the last"},
        "outputs": {"type": "array", "items": _TEXT, "minItems": 1},
        "initial": {"description": "values before the first step", "type": "object"},
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "oneOf": [{"required": ["layers"]}, {"required": ["nodes"]}],
        "not": {"required": ["output", "outputs"]},
    }


def _input() -> dict:
    below = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "data"}, _PARAMETER]}
    long = {
        "type": "object",
        "properties": {
            "int": _SHAPE,
            "bool": _SHAPE,
            "float": _SHAPE,
            "shape": _SHAPE,
            "below": below | {"description": "one more than the largest value of an int"},
            "at_most": {"description": "the longest length of a sequence"},
        },
        "additionalProperties": False,
    }
    return {"description": "the type of an input", "anyOf": [_SHAPE, long]}


def _block_input() -> dict:
    return {
        "description": "`any`, or the value where a call gives none",
        "anyOf": [{"enum": ["any", "zeros", "ones"]}, {"type": "number"}],
    }


def _block_parameters() -> dict:
    return {
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/block_parameter"},
    }


def _block_parameter() -> dict:
    long = {
        "type": "object",
        "properties": {"type": {"enum": list(PARAMETER_TYPES)}, "default": {}, "help": _TEXT},
        "required": ["type"],
        "additionalProperties": False,
    }
    default = {
        "description": "a default, which fixes the type",
        "type": ["string", "number", "boolean", "array"],
    }
    words = {"enum": list(PARAMETER_TYPES), "description": "a type: the parameter is required"}
    return {"anyOf": [words, default, long]}


def _data() -> dict:
    """A source by name, and which of its fields the inputs take."""
    inputs = {
        "description": "the field of the data for each input, where the names differ",
        "type": "object",
        "additionalProperties": _TEXT,
    }
    named = {each.name: {"$ref": f"#/definitions/source_{each.name}"} for each in sources}
    short = [each.name for each in sources if each.short_allowed()]
    long = {
        "type": "object",
        "properties": {**named, "inputs": inputs},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
    }
    return {"description": "where examples come from", "anyOf": [{"enum": short}, long]}
