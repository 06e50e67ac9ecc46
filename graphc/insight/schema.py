"""The JSON Schema (draft 7) of a spec, for editors: made of the registries, and of what is here.

It refuses nothing that `graphc check` accepts, and accepts more where a schema cannot say it: a
step with a name that is no operation may be a block of the user's, and wherever a number or a word
may stand, so may arithmetic on `$parameters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import graphc.ops  # noqa: F401  (fills the registries)
from graphc.core.attributes import Declared, Kind
from graphc.core.registry import (
    Registry,
    initializers,
    kernel_norms,
    losses,
    metrics,
    operations,
    optimizers,
    schedules,
    sources,
)
from graphc.insight.schema_declarations import definition_of, named, of_declaration
from graphc.insight.schema_forms import reference, with_markdown
from graphc.insight.schema_sections import document, section_definitions
from graphc.insight.schema_steps import step_definitions
from graphc.ops.search import Search
from graphc.ops.tasks import losses_of_outputs
from graphc.ops.training import Training

REGISTRIES: tuple[Registry, ...] = (
    operations,
    initializers,
    kernel_norms,
    losses,
    metrics,
    optimizers,
    schedules,
    sources,
)


def spec_schema() -> dict:
    """The schema of a whole spec."""
    definitions = {}
    for registry in (*REGISTRIES, losses_of_outputs):
        for each in registry:
            definitions[definition_of(registry, each)] = of_declaration(each)
    for kind in _declared_kinds():
        definitions[kind.definition] = _named(kind)
    definitions |= step_definitions()
    sections = (of_declaration(each, offered=False) for each in (Training, Search))
    definitions |= section_definitions(*sections)
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "graphc spec",
        **document(),
        "definitions": definitions,
    }
    return with_markdown(schema)  # type: ignore[return-value]


def _named(kind: Declared) -> dict:
    """One entry of a registry; beside a data source stand the fields for the inputs."""
    entries = [kind.registry[name] for name in kind.names()]
    beside = {"inputs": reference("fields")} if kind.registry is sources else {}
    return named(kind.registry, entries, beside)


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
