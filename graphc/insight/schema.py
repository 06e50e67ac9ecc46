"""The JSON Schema (draft 7) of a spec, for editors: made of the registries, and of what is here.

What an editor should accept is what `graphc check` accepts, and more where a schema cannot say it:
a step with a name that is no operation may be a block of the user's, and wherever a number or a
word may stand, so may arithmetic on `$parameters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import graphc.ops  # noqa: F401  (fills the registries)
from graphc.core.attributes import Declared, Kind
from graphc.core.declaration import Declaration
from graphc.core.registry import (
    Registry,
    initializers,
    losses,
    metrics,
    operations,
    optimizers,
    sources,
)
from graphc.insight.schema_sections import document, section_definitions
from graphc.insight.schema_steps import step_definitions
from graphc.ops.training import Training

REGISTRIES: tuple[Registry, ...] = (
    operations,
    initializers,
    losses,
    metrics,
    optimizers,
    sources,
)
PARAMETER = {
    "type": "string",
    "pattern": r"\$",
    "description": "a parameter, or arithmetic on parameters: `$units`, `4 * $units`",
}


def spec_schema() -> dict:
    """The schema of a whole spec."""
    definitions = {"parameter": PARAMETER}
    for kind in _declared_kinds():
        definitions[kind.definition] = loosened(kind.full_schema())
    definitions |= {f"source_{each.name}": loosened(each.schema()) for each in sources}
    definitions |= step_definitions(loosened)
    definitions |= section_definitions(loosened(_object_form(Training)))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "graphc spec",
        **document(),
        "definitions": definitions,
    }


def _declared_kinds() -> list[Declared]:
    """Every kind that some attribute refers to by the name of its definition."""
    found = {kind.definition: kind for kind in map(Declared, REGISTRIES)}
    declarations = [each for registry in REGISTRIES for each in registry]
    for declaration in [*declarations, Training]:
        for attribute in declaration.attributes():
            for kind in _inside(attribute.kind):
                found.setdefault(kind.definition, kind)
    return list(found.values())


def _inside(kind: Kind) -> Iterator[Declared]:
    if isinstance(kind, Declared):
        yield kind
    elif is_dataclass(kind):
        values = [getattr(kind, each.name) for each in fields(kind)]
        for value in values:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Kind):
                    yield from _inside(each)


def _object_form(declaration: type[Declaration]) -> dict:
    """The schema of a declaration's attributes as a mapping."""
    return next(form for form in declaration.schema()["anyOf"] if form.get("type") == "object")


def loosened(schema: dict) -> dict:
    """The schema with `$parameters` allowed wherever a value may stand."""
    if "properties" in schema:
        properties = {name: _value(each) for name, each in schema["properties"].items()}
        return schema | {"properties": properties}
    if "anyOf" in schema:
        forms = [loosened(each) for each in schema["anyOf"] if each.get("enum") != []]
        return schema | {"anyOf": [*forms, {"$ref": "#/definitions/parameter"}]}
    return schema


def _value(schema: dict) -> dict:
    """The schema of one attribute or item."""
    outer = {key: value for key, value in schema.items() if key == "description"}
    inner = {key: value for key, value in schema.items() if key != "description"}
    if inner.get("type") == "array":
        inner["items"] = _value(inner["items"])
    if "anyOf" not in inner:
        inner = {"anyOf": [inner]}
    return outer | loosened(inner)
