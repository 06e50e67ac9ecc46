"""The JSON Schema of declarations: operations, initialisers, losses, data sources and the like."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from graphc.core.declaration import Declaration
from graphc.core.registry import Registry
from graphc.insight.schema_forms import (
    PARAMETER,
    closed,
    either,
    markdown,
    one_beside,
    reference,
    with_parameters,
)


def of_declaration(declaration: type[Declaration], offered: bool = True) -> dict:
    """The schema of what may stand under a declaration's name, if `offered` with a snippet."""
    schema = with_parameters(declaration.schema())
    first = next(form for form in schema["anyOf"] if "properties" in form)
    body = braces(needed(declaration))
    offers = [offer(body)] if offered and declaration.attributes() else []
    if offers and _short_body(declaration) == body:
        schema["defaultSnippets"] = offers
    elif offers:
        first["defaultSnippets"] = offers
    first["title"] = declaration.name
    _, _, rest = (inspect.getdoc(declaration) or "").partition("\n")
    if rest:
        first["markdownDescription"] = markdown(rest)
    hidden = {"doNotSuggest": True} if declaration.short_allowed() else {}
    return texts(declaration) | schema | hidden


def texts(declaration: type[Declaration]) -> dict:
    """What an editor shows of a declaration: its first line, or the whole text."""
    whole = inspect.getdoc(declaration) or declaration.name
    return {
        "title": declaration.name,
        "description": declaration.summary(),
        "markdownDescription": markdown(whole),
    }


def needed(declaration: type[Declaration]) -> list[str]:
    """The attributes that must be given."""
    return [each.name for each in declaration.attributes() if each.required]


def _short_body(declaration: type[Declaration]) -> str:
    """The least that must stand under the name: the primary attribute alone, or a mapping."""
    first, names = declaration.primary(), needed(declaration)
    return "$1" if first is not None and names == [first.name] else braces(names)


def braces(names: Iterable[str]) -> str:
    """A snippet of a mapping with these keys, the cursor going from value to value."""
    inside = ", ".join(f"{name}: ${i}" for i, name in enumerate(names, 1))
    return f"{{{inside or '$1'}}}"


def entry(declaration: type[Declaration]) -> dict:
    """A snippet of `{name: ...}` with what must be given."""
    body = f"{declaration.name}: {_short_body(declaration)}"
    return offer(body, declaration) | {"body": f"{{{body}}}"}


def offer(body: str, declaration: type[Declaration] | None = None) -> dict:
    """A snippet, with what it is about."""
    text = {} if declaration is None else {"description": declaration.summary()}
    return {"label": re.sub(r"\$\d", "...", body), "body": body, **text}


def choice(declarations: Iterable[type[Declaration]]) -> dict:
    """One of these names, each with its text."""
    several = list(declarations)
    return {
        "enum": [each.name for each in several],
        "markdownEnumDescriptions": [markdown(each.summary()) for each in several],
    }


def definition_of(registry: Registry, declaration: type[Declaration]) -> str:
    """The name of a declaration's schema among the definitions."""
    return "_".join([*registry.noun.split(), declaration.name])


def named(registry: Registry, entries: Iterable[type[Declaration]], beside: dict) -> dict:
    """One of some entries of a registry: its name, or a mapping of its name to its attributes.

    Args:
        beside: further keys that the mapping may have.
    """
    several = list(entries)
    short = [each for each in several if each.short_allowed()]
    long = [each for each in several if not each.short_allowed()]
    known = {each.name: reference(definition_of(registry, each)) for each in several}
    form = closed(known | beside, **one_beside(*beside))
    if long:
        form["defaultSnippets"] = [entry(each) for each in long]
    return either(form, *([choice(short)] if short else []), PARAMETER)
