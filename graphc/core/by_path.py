"""Kinds of attributes that hold a value for each of several names, or paths of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Kind, Many, Text
from graphc.core.diagnostic import Report
from graphc.core.tree import Mapping, Tree


@dataclass(frozen=True)
class ByName(Kind):
    """A value for each of several names."""

    kind: Kind
    example: ClassVar[str] = "NAME"

    def read(self, tree: Tree) -> tuple[tuple[str, object], ...]:
        if not isinstance(tree, Mapping):
            raise self.refuse(tree, f"write a mapping: `{{{self.example}: ...}}`")
        report = Report()
        pairs = [(key.text, report.attempt(self.kind.read, value)) for key, value in tree]
        report.stop()
        return tuple(pairs)

    def write(self, value: object) -> object:
        assert isinstance(value, tuple)
        return {pattern: self.kind.write(each) for pattern, each in value}

    def schema(self) -> dict:
        return {"type": "object", "additionalProperties": self.kind.schema()}

    def holding(self, word: str) -> str | None:
        inner = self.kind.holding(word)
        return None if inner is None else f'{{"*": {inner}}}'

    def __str__(self) -> str:
        return f"a mapping of names to {self.kind}"


@dataclass(frozen=True)
class ByPath(ByName):
    """A value for each of several patterns of paths of weights."""

    example: ClassVar[str] = '"head/*"'

    def __str__(self) -> str:
        return f"a mapping of paths of weights, in which `*` stands for anything, to {self.kind}"


@dataclass(frozen=True)
class ByNode(ByName):
    """A value for each of several patterns of paths of nodes."""

    example: ClassVar[str] = '"body/*"'

    def __str__(self) -> str:
        return f"a mapping of paths of nodes, in which `*` stands for anything, to {self.kind}"


@dataclass(frozen=True)
class Patterns(Many):
    """Patterns of paths of weights."""

    def __str__(self) -> str:
        return "paths of weights, in which `*` stands for anything"


@dataclass(frozen=True)
class PatternsOfNodes(Many):
    """Patterns of paths of nodes."""

    def __str__(self) -> str:
        return "paths of nodes, in which `*` stands for anything"


PATTERNS = Patterns(Text())
