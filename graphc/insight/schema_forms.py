"""How schemas are put together: alternatives, parameters, and what only editors read.

Editors judge a value by one schema far better than by alternatives, of which they guess the one
that was meant. So alternatives for different types of JSON become one schema, whose keywords are
each about one type. `markdownDescription`, `enumDescriptions`, `defaultSnippets` and `doNotSuggest`
are read by editors and ignored by validators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from graphc.core.precision import WORDS

PARAMETER = {
    "type": "string",
    "pattern": r"\$",
    "patternErrorMessage": "a word can stand here only as a parameter: `$units`, `4 * $units`",
}
"""A parameter, or arithmetic on parameters: it may stand wherever a value may."""
TEXT = {"type": "string"}
NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
PRECISION = {
    "description": "what the operands of products are; results and weights are float32",
    "anyOf": [{"enum": list(WORDS)}, PARAMETER],
}

REMAT = {
    "description": "whether what lies within is computed again on the way back, to keep less",
    "anyOf": [{"type": "boolean"}, PARAMETER],
}

_CHOICES = {"$ref", "anyOf", "enum", "const", "not"}
_NUMBERS = {"integer", "number"}
_MARKS = re.compile(r"([*_<\[\]])")


def refused(why: str) -> dict:
    """The schema of a value that cannot stand here."""
    return {"description": why, "type": "null", "errorMessage": why, "doNotSuggest": True}


LATER = refused("reserved: this cannot be compiled yet")


def not_both(first: str, second: str) -> dict:
    """Refuses the second of two keys where both are there."""
    why = f"`{first}` and `{second}` exclude each other"
    return {
        "if": {"required": [first, second]},
        "then": {"properties": {second: refused(why)}},
    }


def reference(definition: str, **more: object) -> dict:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{definition}", **more}


def either(*forms: dict) -> dict:
    """A schema of what any of the forms takes."""
    merged: dict = {}
    types: list[str] = []
    others: list[dict] = []
    for form in _flat(forms):
        new = [form["type"]] if isinstance(form.get("type"), str) else form.get("type", [])
        taken = {*types, *(_NUMBERS if _NUMBERS & {*types} else ())}
        if form == PARAMETER and "string" in taken:
            continue
        if new and not _CHOICES & form.keys() and not taken & {*new}:
            types += new
            merged |= form
        elif form not in others:
            others.append(form)
    if types:
        others.append(merged | {"type": types if len(types) > 1 else types[0]})
    return {"anyOf": others}


def _flat(forms: Iterable[dict]) -> Iterator[dict]:
    for form in forms:
        if set(form) == {"anyOf"}:
            yield from _flat(form["anyOf"])
        else:
            yield form


def with_parameters(schema: dict) -> dict:
    """The schema of a value with `$parameters` allowed in it and in its place."""
    outer = {key: value for key, value in schema.items() if key == "description"}
    inner = {key: value for key, value in schema.items() if key != "description"}
    forms = [_inside(form) for form in _flat([inner])]
    if all("$ref" in form for form in forms):  # the definitions allow them
        return outer | {"anyOf": forms}
    return outer | either(*forms, PARAMETER)


def _inside(schema: dict) -> dict:
    if "items" in schema:
        return schema | {"items": with_parameters(schema["items"])}
    if "properties" in schema:
        properties = {name: with_parameters(each) for name, each in schema["properties"].items()}
        return schema | {"properties": properties}
    if isinstance(schema.get("additionalProperties"), dict):
        return schema | {"additionalProperties": with_parameters(schema["additionalProperties"])}
    return schema


def one_beside(*words: str) -> dict:
    """Rules that a mapping has exactly one key beside these words, of which each may be there."""

    def exactly(count: int) -> dict:
        return {"minProperties": count, "maxProperties": count}

    rules = exactly(1)
    for count in range(1, len(words) + 1):
        several = [{"required": [*some]} for some in combinations(words, count)]
        rules = {"if": {"anyOf": several}, "then": exactly(count + 1), "else": rules}
    return rules


def mapping(values: dict, **more: object) -> dict:
    """A mapping of names to such values."""
    names = NAME | {"title": "name"}
    return {"type": "object", "propertyNames": names, "additionalProperties": values, **more}


def closed(properties: dict[str, dict], **more: object) -> dict:
    """A mapping with these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def with_markdown(schema: object) -> object:
    """The schema with a `markdownDescription` beside each description that has marks in it."""
    if isinstance(schema, list):
        return [with_markdown(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: with_markdown(value) for key, value in schema.items()}
    text = schema.get("description")
    if isinstance(text, str) and "markdownDescription" not in schema and re.search(r"[`*_]", text):
        found["markdownDescription"] = markdown(text)
    return found


def markdown(text: str) -> str:
    """Plain text as Markdown: what stands between backticks is code, all else is as written."""
    parts = text.split("`")
    return "`".join(part if i % 2 else _MARKS.sub(r"\\\1", part) for i, part in enumerate(parts))
