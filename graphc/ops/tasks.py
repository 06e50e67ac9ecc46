"""Losses and metrics of several outputs in the short form of `train`, each by its output's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, make_dataclass
from functools import cache
from typing import Any

from graphc.core.attributes import Declared, Float, Kind, Many, Text
from graphc.core.by_path import ByName
from graphc.core.declaration import attribute
from graphc.core.diagnostic import nearest
from graphc.core.registry import Registry, losses, metrics
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Tree
from graphc.ops.objectives import Loss


@dataclass(frozen=True)
class OfOutput(Loss):
    """What the loss of one of several outputs has beside its own attributes."""

    weight: float = attribute(Float(above=0), "what it counts in the sum of the losses", 1.0)
    target: str | None = attribute(
        Text(), "the field that the output is compared with; default: the target of the data", None
    )


@cache
def _of_output(loss: type[Loss]) -> type[OfOutput]:
    """A loss as that of one of several outputs."""
    body = {"name": loss.name, "also": loss.also, "__doc__": loss.__doc__}
    return make_dataclass(loss.__name__, (), bases=(OfOutput, loss), namespace=body, frozen=True)


class _LossesOfOutputs(Registry):
    """The table of losses, each as that of one of several outputs."""

    def find(self, name: str, span: Span | None = None) -> type[OfOutput]:
        return _of_output(losses.find(name, span))

    def __contains__(self, name: object) -> bool:
        return name in losses

    def names(self) -> list[str]:
        return losses.names()


losses_of_outputs = _LossesOfOutputs("loss of an output", losses.code)


@dataclass(frozen=True)
class ByOutput:
    """Something for each of several outputs, by their names."""

    entries: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class OneOrEach(Kind):
    """A value, or one for each of several outputs: `{digit: cross_entropy, ...}`.

    A mapping is one of outputs unless a key of it is an entry of the registry. With one key alone,
    something like an entry stands under it.

    Args:
        registry: of what stands there.
        one: the kind of the value of a single output.
        each: that of one of several.
    """

    registry: Registry
    one: Kind
    each: Kind

    def read(self, tree: Tree) -> object:
        if not self._names_outputs(tree):
            return self.one.read(tree)
        return ByOutput(ByName(self.each).read(tree))

    def _names_outputs(self, tree: Tree) -> bool:
        if not isinstance(tree, Mapping) or any(key.text in self.registry for key, _ in tree):
            return False
        known = self.registry.names()
        return len(tree) > 1 or any(nearest(word, known) for word in _words(tree))

    def write(self, value: object) -> object:
        if not isinstance(value, ByOutput):
            return self.one.write(value)
        return ByName(self.each).write(value.entries)

    def schema(self) -> dict:
        outputs = ByName(self.each).schema()
        return {"anyOf": [self.one.schema(), outputs | {"minProperties": 1}]}

    def short_schema(self) -> dict:
        return self.one.short_schema()

    def holding(self, word: str) -> str | None:
        return self.one.holding(word)

    def __str__(self) -> str:
        return str(self.one)


def _words(tree: Mapping) -> Iterator[str]:
    """The words that stand under its keys: `digit: cross_entropy`, `digit: {focal: ...}`."""
    for _, value in tree:
        for each in value.items if not isinstance(value, Scalar | Mapping) else (value,):
            if isinstance(each, Scalar):
                yield each.text
            elif isinstance(each, Mapping):
                yield from (key.text for key, _ in each)


LOSSES = OneOrEach(losses, Declared(losses), Declared(losses_of_outputs))
"""A loss, or one for each output."""
METRICS = OneOrEach(metrics, Many(Declared(metrics)), Many(Declared(metrics)))
"""Metrics, or those of each output."""
