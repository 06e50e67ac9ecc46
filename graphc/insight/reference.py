"""What a spec can name, as text: the list of it all, and a page for each entry."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator

import graphc.ops  # noqa: F401  (fills the registries)
from graphc.build.wrappers import WRAPPER_FORMS
from graphc.core.declaration import Attribute
from graphc.core.diagnostic import Diagnostic, SpecError, similar
from graphc.core.operation import Contracts, Operation, Reduces, Spelled, Stateful, Stochastic
from graphc.core.registry import Registry, operations
from graphc.insight.example import Example, example_of, flow
from graphc.insight.schema import REGISTRIES
from graphc.spec.bundled import bundled
from graphc.spec.document import STANDARD

_WIDTH = 96
_PLURALS = {"loss": "losses"}


def listing_of_all() -> str:
    """Everything by family, a line each."""
    sections = [*_families(), ("standard blocks, written in YAML", _blocks())]
    sections.append(("steps that hold steps", _wrappers()))
    for registry in REGISTRIES:
        if registry is not operations:
            entries = [(each.name, each.summary()) for each in registry]
            sections.append((_PLURALS.get(registry.noun, f"{registry.noun}s"), entries))
    width = max(len(name) for _, entries in sections for name, _ in entries)
    lines = []
    for title, entries in sections:
        lines += [title, *(f"  {name.ljust(width)}  {text}" for name, text in entries), ""]
    return "\n".join([*lines, "`graphc ops NAME` explains one"]) + "\n"


def _families() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The operations by the module that declares them, under its first line."""
    families: dict[str, list[tuple[str, str]]] = {}
    for each in operations:
        families.setdefault(each.__module__, []).append((each.name, each.summary()))
    for module in sorted(families):
        title = (sys.modules[module].__doc__ or module).split("\n")[0]
        title = title.split(":")[0].rstrip(".")
        yield f"operations: {title[:1].lower()}{title[1:]}", families[module]


def _blocks() -> list[tuple[str, str]]:
    return [(name, _block_text(name).split("\n")[0].lstrip("# ")) for name in STANDARD]


def _block_text(name: str) -> str:
    source = bundled(f"blocks/{name}.yaml")
    return source.text if source else ""


def _wrappers() -> list[tuple[str, str]]:
    return [(name, _first_line(form.__doc__)) for name, form in WRAPPER_FORMS.items()]


def _first_line(text: str | None) -> str:
    return (text or "").split("\n")[0]


def page_of(name: str) -> str:
    """The pages of every entry with this name.

    Raises:
        SpecError: GC201 where there is none.
    """
    pages = [_page(registry, name) for registry in REGISTRIES if name in registry]
    if name in STANDARD:
        pages.append(f"{name}: a standard block\n\n{_block_text(name)}")
    if name in WRAPPER_FORMS:
        pages.append(f"{name}: a step that holds steps\n\n{inspect.getdoc(WRAPPER_FORMS[name])}\n")
    if not pages:
        known = [each.name for registry in REGISTRIES for each in registry]
        renamed = (registry.renamed(name) for registry in REGISTRIES)
        help = next(filter(None, renamed), None)
        help = help or similar(name, [*known, *STANDARD, *WRAPPER_FORMS], "entry")
        message = f"a spec can name no `{name}`"
        raise SpecError(Diagnostic("GC201", message, help=help or "`graphc ops` lists them all"))
    return "\n".join(pages)


def _page(registry: Registry, name: str) -> str:
    declaration = registry[name]
    article = "an" if registry.noun[0] in "aeio" else "a"
    lines = [f"{name}: {article} {registry.noun}", "", inspect.getdoc(declaration) or ""]
    example = example_of(declaration)
    lines += _section("attributes", _attributes(declaration.attributes()))
    if issubclass(declaration, Operation):
        lines += _operation(declaration, example)
    if example is not None:
        lines += _section("for example", example.spec_lines(registry))
        lines += _section("in Flax", example.flax_lines())
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    several = list(lines)
    return ["", title, *(f"  {line}" for line in several)] if several else []


def _attributes(attributes: Iterable[Attribute]) -> Iterator[str]:
    for each in attributes:
        need = "required" if each.required else f"default {flow(_written(each))}"
        short = ", given by the short form" if each.primary else ""
        yield f"{each.name}: {each.kind}; {need}{short}"
        yield from textwrap.wrap(each.help, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _written(attribute: Attribute) -> object:
    value = attribute.default
    return None if value is None else attribute.kind.write(value)


def _operation(operation: type[Operation], example: Example | None) -> list[str]:
    lines = _section("inputs", _inputs(operation))
    ports = operation.ports if isinstance(operation.ports, tuple) else ()
    lines += _section("outputs", ports)
    lines += _section("traits", (words for trait in operation.traits if (words := _words(trait))))
    return lines + _section("weights", example.weight_lines() if example else ())


def _inputs(operation: type[Operation]) -> Iterator[str]:
    if operation.variadic:
        yield from operation.names or ["any number of values: `from: [a, b]`"]
        return
    inputs = operation.inputs
    if not isinstance(inputs, tuple):
        return
    if not inputs:
        yield "none"
    for each in inputs:
        optional = " (may be left out)" if each.optional else ""
        yield f"{each.name}{optional}" + (f": {each.help}" if each.help else "")


def _of_precision(trait: Contracts) -> str:
    if trait.keyword is None:
        return "Multiplies in float32, whatever the `precision`."
    apart = f"; {trait.apart} stay in float32" if trait.apart else ""
    return f"Multiplies in the `precision` of the step or of the network{apart}."


def _words(trait: object) -> str:
    """A trait as a sentence: its own text, with the data that a user can see."""
    if isinstance(trait, Contracts):
        return _of_precision(trait)
    text = " ".join((inspect.getdoc(trait) or "").split("\n\n")[0].split())
    if isinstance(trait, Spelled):
        return f"Written in formulas as `{trait.operator}`."
    if isinstance(trait, Reduces) and trait.between:
        return f"{text.rstrip('.')}; `{trait.between}` takes several values."
    if isinstance(trait, Stateful):
        text = f"{text.rstrip('.')}: {', '.join(trait.statistics)}."
    if isinstance(trait, Stateful | Stochastic) and trait.given:
        return f"Depending on `{trait.given}`: {text[:1].lower()}{text[1:]}"
    return text
