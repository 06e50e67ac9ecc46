"""The JSON Schema of steps, chains and nodes: operations, blocks, wrappers and reserved keys."""

from __future__ import annotations

from collections.abc import Callable

from graphc.build import syntax
from graphc.core.registry import operations
from graphc.core.tree import plain
from graphc.spec.document import STANDARD, standard_block

CHAIN = {"$ref": "#/definitions/chain"}
_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_REFERENCE = {"type": "string", "description": "a value: `name`, `name.port`, `name@t-1`"}
_PARAMETER = {"$ref": "#/definitions/parameter"}
_OF_PARAMETERS = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "shape": {"type": "array", "items": {"anyOf": [{"type": "integer"}, _PARAMETER]}},
    "layers": CHAIN,
}


def step_definitions(loosened: Callable[[dict], dict]) -> dict[str, dict]:
    """The definitions `step`, `chain`, `node`, `from` and `long_step`."""
    known = {each.name: loosened(each.schema()) for each in operations}
    known |= {name: _block(name) for name in STANDARD} | _wrappers()
    needy = [each.name for each in operations if not each.short_allowed()]
    short = [each.name for each in operations if each.short_allowed()]
    return {
        "from": _sources(),
        "chain": {
            "description": "steps, each reading the one before it",
            "anyOf": [{"type": "array", "items": {"$ref": "#/definitions/step"}}, _PARAMETER],
        },
        "step": {
            "anyOf": [
                {"enum": short},
                {"type": "string", "not": {"enum": [*needy, *_wrappers()]}},
                {"$ref": "#/definitions/long_step"},
            ]
        },
        "long_step": {
            "description": "an operation or a block with its attributes",
            "type": "object",
            "properties": known | _reserved(),
            "minProperties": 1,
        },
        "node": _node(),
    }


def _node() -> dict:
    chain = {
        "type": "object",
        "description": "a chain as one node",
        "properties": {"layers": CHAIN, "from": {"$ref": "#/definitions/from"}},
        "required": ["layers"],
        "additionalProperties": False,
    }
    step = {"allOf": [{"$ref": "#/definitions/long_step"}, {"not": {"required": ["layers"]}}]}
    formula = {"type": ["string", "number"], "description": "a formula: `gate * h + x`"}
    return {"anyOf": [formula, step, chain]}


def _sources() -> dict:
    several = {"anyOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1}]}
    by_name = {"type": "object", "additionalProperties": several}
    return {
        "description": "the values that a step reads; without it, the step before",
        "anyOf": [*several["anyOf"], by_name],
    }


def _reserved() -> dict[str, dict]:
    later = "(cannot be compiled yet)"
    return {
        "from": {"$ref": "#/definitions/from"},
        "name": _NAME | {"description": "what other steps call the value"},
        "initial": {"description": f"values before the first step {later}"},
        "every": {"description": f"steps of time between two computations {later}"},
        "if": {"description": f"whether the step is there {later}"},
        "remat": {"description": f"whether values are computed again backwards {later}"},
        "precision": {"description": f"of this step {later}"},
    }


def _block(name: str) -> dict:
    """A block that ships with graphc: its parameters, or anything, as a spec's own may hide it."""
    definition = standard_block(name)
    assert definition is not None
    declared = definition.block.parameters
    forms = [_block_mapping(declared)]
    required = [each for each in declared if each.default is None]
    only = required if required else declared
    if len(only) == 1:
        forms.append(_of_parameter(only[0]))
    forms.append({})
    return {"description": f"a block that ships with graphc: `graphc ops {name}`", "anyOf": forms}


def _block_mapping(declared: tuple[syntax.Declared, ...]) -> dict:
    form = {
        "type": "object",
        "properties": {each.name.text: _of_parameter(each) for each in declared},
        "additionalProperties": False,
    }
    required = [each.name.text for each in declared if each.default is None]
    return form | ({"required": required} if required else {})


def _of_parameter(declared: syntax.Declared) -> dict:
    schema: dict = {"anyOf": [_OF_PARAMETERS[declared.type], _PARAMETER]}
    if declared.default is not None:
        schema["default"] = plain(declared.default)
    return schema | ({"description": declared.help} if declared.help else {})


def _wrappers() -> dict[str, dict]:
    index = _NAME | {"description": "a parameter of the layers: the number or item of each"}
    times = {"anyOf": [{"type": "integer", "minimum": 1}, _PARAMETER]}
    over = {"anyOf": [{"type": "array", "minItems": 1}, _PARAMETER]}
    repeat = {
        "description": "layers one after another, each copy with fresh weights",
        "type": "object",
        "properties": {
            "times": times | {"description": "how many copies"},
            "over": over | {"description": "an item for each copy"},
            "index": index,
            "layers": CHAIN,
            "each": {"type": "array", "items": CHAIN, "minItems": 1}
            | {"description": "the steps of every layer"},
            "input": _NAME | {"description": "what the layers call the value they are given"},
        },
        "oneOf": [
            {"required": ["times", "layers"]},
            {"required": ["over", "index", "layers"]},
            {"required": ["each"]},
        ],
        "additionalProperties": False,
    }
    parallel = {
        "description": "branches side by side, then joined",
        "type": "object",
        "properties": {
            "branches": {"type": "array", "items": CHAIN, "minItems": 1},
            "join": {"$ref": "#/definitions/operation", "description": "default: `concat`"},
        },
        "required": ["branches"],
        "additionalProperties": False,
    }
    return {"repeat": repeat, "parallel": parallel}
