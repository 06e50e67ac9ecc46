"""The resolved spec: every value that counted, with the place it came from."""

from __future__ import annotations

from graphc.core.declaration import Declaration
from graphc.core.span import Span, nowhere
from graphc.core.tree import Mapping, Scalar, Tree, from_plain
from graphc.ops.training import Training
from graphc.spec.document import KEYS, Document
from graphc.spec.writer import write

_DEFAULT = nowhere("default")


def resolved(document: Document, choices: dict[str, object]) -> str:
    """The spec with overrides put in, defaults and choices written out, and origins as comments.

    What it says of a search is left out: a run is one of its trials, or none.

    Args:
        choices: values of `train` that were looked up in a table, by name.
    """
    tables = nowhere("table")
    sections = {key.text: (key, value) for key, value in document.tree}
    if document.training is not None:
        key, value = sections["train"]
        extra = {name: from_plain(each, tables) for name, each in choices.items()}
        sections["train"] = key, _filled(value, document.training, extra)
    if document.data is not None and "data" in sections:
        key, value = sections["data"]
        sections["data"] = key, _source(value, document.data)
    rows = [sections[each] for each in KEYS if each in sections and each != "search"]
    return write(Mapping(tuple(rows), document.tree.span), _origin, open_levels=3)


def _source(tree: Tree, source: Declaration) -> Tree:
    """`data: mnist` becomes `data: {mnist: {validation: 0.1, ...}}`."""
    name = Scalar(source.name, tree.span)
    if isinstance(tree, Scalar):
        return Mapping(((name, _filled(None, source, {})),), tree.span)
    assert isinstance(tree, Mapping)
    entries = [
        (key, _filled(value, source, {}) if key.text == source.name else value)
        for key, value in tree
    ]
    return Mapping(tuple(entries), tree.span)


def _filled(tree: Tree | None, declaration: Declaration, extra: dict[str, Tree]) -> Tree:
    """What was written, then what was looked up, then the defaults of the rest."""
    written: dict[str, Tree] = {}
    first = type(declaration).primary()
    if isinstance(tree, Mapping):
        written = {key.text: value for key, value in tree}
    elif tree is not None and first is not None and tree != Scalar("", tree.span):
        written = {first.name: tree}
    values = written | {name: each for name, each in extra.items() if name not in written}
    elsewhere = declaration.of_other_form if isinstance(declaration, Training) else ()
    for each in declaration.attributes():
        value = getattr(declaration, each.name)
        if each.name not in values and value is not None and each.name not in elsewhere:
            values[each.name] = from_plain(each.kind.write(value), _DEFAULT)
    span = tree.span if tree is not None else _DEFAULT
    return Mapping(tuple((Scalar(name, span), value) for name, value in values.items()), span)


def _origin(tree: Tree) -> str | None:
    span: Span = tree.span
    name = span.source.name
    return f"{name}:{span.line}" if span.line and not name.startswith("--set") else name
