"""The JSON Schema of steps, chains and nodes: operations, blocks, wrappers and reserved keys."""

from __future__ import annotations

from graphc.build import syntax
from graphc.build.message_passing import HOW
from graphc.build.steps import LATER as LATER_KEYS
from graphc.build.wrappers import WRAPPER_FORMS, joins
from graphc.core.registry import operations
from graphc.insight.schema_declarations import named, offer, texts
from graphc.insight.schema_forms import (
    LATER,
    NAME,
    PARAMETER,
    PRECISION,
    REMAT,
    closed,
    either,
    one_beside,
    reference,
)
from graphc.spec.document import STANDARD, standard_block

CHAIN_FORMS = ({"type": "array", "items": reference("step")}, PARAMETER)
CHAIN = {"description": "steps, each reading the one before it", **either(*CHAIN_FORMS)}
REFERENCE = {"type": "string", "pattern": r"^\s*[A-Za-z_]\w*(\.[A-Za-z_]\w*)?(@\w+[-+]\d+)?\s*$"}
_WORD = r"\s*[A-Za-z_]\w*(/[A-Za-z_]\w*)*\s*"
_OF_PARAMETERS = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "shape": {"type": "array", "items": either({"type": "integer"}, PARAMETER)},
    "layers": CHAIN_FORMS[0],
}


def own_names() -> list[str]:
    """What graphc itself calls steps: operations, standard blocks and wrappers."""
    return [*operations.names(), *STANDARD, *WRAPPER_FORMS]


def step_definitions() -> dict[str, dict]:
    """The definitions `step`, `node`, `from` and `long_step`."""
    return {
        "from": _sources(),
        "step": _step(),
        "long_step": _long_step(),
        "node": _node(),
    }


def _step() -> dict:
    """One item of a chain: an operation that needs no attributes is a word."""
    short = [each for each in operations if each.short_allowed()]
    own = {
        "description": "a block or a network",
        "type": "string",
        "pattern": rf"^(?!({'|'.join(own_names())})$){_WORD}$|\$",
        "patternErrorMessage": "a step is an operation, and this one needs attributes: `dense: 10`",
    }
    words = [{"const": each.name, **texts(each)} for each in short]
    offers = [offer(each.name, each) for each in short]
    offers += [offer(f"{each.name}: {{$1}}", each) for each in short if each.attributes()]
    return {"anyOf": [own, *words, reference("long_step")], "defaultSnippets": offers}


def _long_step() -> dict:
    """An operation or a block with its attributes, and nothing else but reserved keys."""
    known = {each.name: reference(f"operation_{each.name}") for each in operations}
    known |= {name: _block(name) for name in STANDARD} | _wrappers()
    beside = {
        "from": reference("from"),
        "name": NAME | {"description": "what other steps call the value"},
        "precision": PRECISION,
        "remat": REMAT,
        "every": {
            "description": "at which steps of a sequence it is computed anew",
            **either({"type": "integer", "minimum": 1}, PARAMETER),
        },
        **dict.fromkeys(LATER_KEYS, LATER),
    }
    return {
        "description": "an operation or a block with its attributes",
        "type": "object",
        "properties": known | beside,
        **one_beside("from", "name", "precision", "remat"),
    }


def _node() -> dict:
    chain = closed(
        {"layers": CHAIN, "from": reference("from")},
        description="a chain as one node",
        required=["layers"],
    )
    a_step = {"not": {"anyOf": [{"required": ["layers"]}, {"required": ["name"]}]}}
    offers = [offer(f"{each.name}: {{$1}}", each) for each in operations if each.short_allowed()]
    step = {"allOf": [reference("long_step"), a_step], "defaultSnippets": offers}
    formula = {"type": ["string", "number"], "description": "a formula: `gate * h + x`"}
    return {"anyOf": [formula, step, chain]}


def _sources() -> dict:
    several = either(REFERENCE, {"type": "array", "items": REFERENCE, "minItems": 1})
    by_name = {"type": "object", "additionalProperties": several, "minProperties": 1}
    text = "what the step reads: `h`, `[h, x]`, or `{query: h, memory: x}`; else the step before"
    return {"description": text, **either(*several["anyOf"], by_name)}


def _block(name: str) -> dict:
    """A block that ships with graphc: its parameters."""
    definition = standard_block(name)
    assert definition is not None
    declared = definition.block.parameters
    required = [each for each in declared if each.default is None]
    properties = {each.name.text: _of_parameter(each) for each in declared}
    names = [each.name.text for each in required]
    forms = [closed(properties, required=names), PARAMETER]
    only = required or declared
    if len(only) == 1:
        forms.insert(1, _OF_PARAMETERS[only[0].type])
    return {
        "title": name,
        "description": f"a block that ships with graphc: `graphc ops {name}`",
        **either(*forms),
    }


def _of_parameter(declared: syntax.Declared) -> dict:
    text = declared.help or f"a parameter of the block: {declared.type}"
    return {"description": text, **either(_OF_PARAMETERS[declared.type], PARAMETER)}


def _wrappers() -> dict[str, dict]:
    chains = {"type": "array", "items": CHAIN, "minItems": 1}
    times = either({"type": "integer", "minimum": 1}, PARAMETER)
    over = either({"type": "array", "minItems": 1}, PARAMETER)
    others = [{"required": [word]} for word in ("times", "over", "layers", "index")]
    repeat = closed(
        {
            "times": {"description": "how many copies", **times},
            "over": {"description": "an item for each copy", **over},
            "index": NAME | {"description": "a parameter of the layers: the number or item"},
            "layers": CHAIN,
            "each": {"description": "the steps of every layer", **chains},
            "input": NAME | {"description": "what the layers call the value they are given"},
        },
        defaultSnippets=[offer("{over: [$1], index: $2, layers: [$3]}")],
        anyOf=[
            {"required": ["times", "layers"], "not": {"required": ["over"]}},
            {"required": ["over", "index", "layers"], "not": {"required": ["times"]}},
            {"required": ["each"], "not": {"anyOf": others}},
        ],
    )
    joining = [each for each in operations if joins(each)]
    parallel = closed(
        {
            "branches": {"description": "chains side by side; `[]` is the value itself", **chains},
            "join": {"description": "what joins them", **named(operations, joining, {})},
        },
        required=["branches"],
    )
    name = {"type": "string", "description": "the name of a block, or a formula"}
    part = either(CHAIN_FORMS[0], name, reference("long_step"))
    passing = closed(
        {
            "message": {"description": "what an edge sends, of `sender` and `receiver`", **part},
            "aggregate": {
                "description": "what becomes of the messages that reach a node",
                **either({"enum": list(HOW.choices)}, PARAMETER),
            },
            "update": {"description": "what a node becomes, of `x` and `messages`", **part},
        }
    )
    text = "layers one after another, each copy with weights of its own"
    return {
        "repeat": _wrapper("repeat", text, repeat, "{times: $1, layers: [$2]}"),
        "parallel": _wrapper(
            "parallel", "branches side by side, then joined", parallel, "{branches: [[$1], [$2]]}"
        ),
        "message_passing": _wrapper(
            "message_passing",
            "what is sent along the edges of a graph, and what nodes make of it",
            passing,
            "{message: [$1], aggregate: mean, update: [$2]}",
        ),
    }


def _wrapper(name: str, text: str, form: dict, body: str) -> dict:
    more = {"title": name, "description": text, "defaultSnippets": [offer(body)]}
    return more | {"anyOf": [form | {"title": name}]}
