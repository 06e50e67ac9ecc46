"""Kinds of attributes that speak of weights by their paths in the spec."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Kind, Many, Text
from graphc.core.diagnostic import Report
from graphc.core.tree import Mapping, Tree


@dataclass(frozen=True)
class ByPath(Kind):
    """A value for each of several patterns of paths of weights."""

    kind: Kind

    def read(self, tree: Tree) -> tuple[tuple[str, object], ...]:
        if not isinstance(tree, Mapping):
            raise self.refuse(tree, 'write a mapping: `{"head/*": ...}`')
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
        return f"a mapping of paths of weights, in which `*` stands for anything, to {self.kind}"


@dataclass(frozen=True)
class Patterns(Many):
    """Patterns of paths of weights."""

    def __str__(self) -> str:
        return "paths of weights, in which `*` stands for anything"


PATTERNS = Patterns(Text())
