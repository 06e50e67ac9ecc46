"""A document as it was written: scalars, sequences and mappings that know their place.

The reader of a file format makes it; everything after asks for values by declared type. A scalar
keeps its text, so that `1e-3` is a float where a float is wanted and a string where a string is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from graphc.core.span import Span

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400
_SPECIAL = {
    ".inf": float("inf"),
    "+.inf": float("inf"),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True)
class Scalar:
    """A scalar: `text` as written, `value` as YAML 1.2's core schema reads it."""

    text: str
    span: Span = field(compare=False)
    quoted: bool = False

    @property
    def value(self) -> bool | int | float | str | None:
        return self.text if self.quoted else scalar_value(self.text)

    kind = "scalar"


@dataclass(frozen=True)
class Sequence:
    """A list of values."""

    items: tuple[Tree, ...]
    span: Span = field(compare=False)
    kind = "list"

    def __iter__(self) -> Iterator[Tree]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class Mapping:
    """Keys (scalars, unique by text) with their values, in the order written."""

    entries: tuple[tuple[Scalar, Tree], ...]
    span: Span = field(compare=False)
    kind = "mapping"

    def __iter__(self) -> Iterator[tuple[Scalar, Tree]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, name: str) -> Tree | None:
        """The value under `name`, or None."""
        found = self._index.get(name)
        return None if found is None else found[1]

    def key(self, name: str) -> Scalar | None:
        """The key `name` itself, for its place."""
        found = self._index.get(name)
        return None if found is None else found[0]

    @cached_property
    def _index(self) -> dict[str, tuple[Scalar, Tree]]:
        return {key.text: (key, value) for key, value in self.entries}


Tree = Scalar | Sequence | Mapping


def scalar_value(text: str) -> bool | int | float | str | None:
    """What a plain scalar means in the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    return float(text) if _FLOAT.fullmatch(text) else text


def plain(tree: Tree) -> object:
    """The tree as plain Python values."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree]
    return {key.text: plain(value) for key, value in tree}


def scalars(tree: Tree | None) -> Iterator[Scalar]:
    """The values that are scalars, at any depth; keys are none."""
    if isinstance(tree, Scalar):
        yield tree
    elif isinstance(tree, Sequence):
        for item in tree:
            yield from scalars(item)
    elif tree is not None:
        for _, value in tree:
            yield from scalars(value)


def describe(tree: Tree) -> str:
    """What was written, for a message: "the string `relu`", "a list"."""
    if not isinstance(tree, Scalar):
        return f"a {tree.kind}"
    value = tree.value
    if value is None:
        return "nothing"
    names = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
    return f"{names[type(value)]} `{tree.text}`"


def from_plain(value: object, span: Span) -> Tree:
    """Plain Python values as a tree whose every part stands at `span`."""
    if isinstance(value, dict):
        entries = [(Scalar(str(key), span, True), from_plain(v, span)) for key, v in value.items()]
        return Mapping(tuple(entries), span)
    if isinstance(value, (list, tuple)):
        return Sequence(tuple(from_plain(item, span) for item in value), span)
    if isinstance(value, str):
        return Scalar(value, span, quoted=True)
    text = (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
    return Scalar({"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text), span)
