"""Which values are looked at while a network is trained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int, Kind, unquoted
from graphc.core.diagnostic import Report
from graphc.core.tree import Mapping, Scalar, Tree

_EVERY = "every"
_EPOCHS = re.compile(r"1 epoch|([1-9][0-9]*) epochs")


@dataclass(frozen=True)
class Samples:
    """Values that are written down in evaluation mode, of the same examples with the same draws.

    Args:
        values: the names, and of how many examples each.
        every: after how many epochs again.
    """

    values: tuple[tuple[Scalar, int], ...]
    every: int = 1

    @property
    def counts(self) -> dict[str, int]:
        """Of how many examples each is looked at, by name."""
        return {name.text: count for name, count in self.values}


@dataclass(frozen=True)
class Epochs(Kind):
    """A number of epochs: `5 epochs`, or `5`."""

    def read(self, tree: Tree) -> int:
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) is int and value > 0:
            return value
        if isinstance(value, str) and (found := _EPOCHS.fullmatch(value)):
            return int(found[1] or 1)
        raise self.refuse(tree, unquoted(tree) or "write `1 epoch` or `5 epochs`")

    def write(self, value: object) -> object:
        return "1 epoch" if value == 1 else f"{value} epochs"

    def schema(self) -> dict:
        return {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": f"^({_EPOCHS.pattern})$"},
            ]
        }

    def __str__(self) -> str:
        return "a number of epochs"


@dataclass(frozen=True)
class Sampled(Kind):
    """Names of values with how many examples are looked at: `{fake: 64, every: 1 epoch}`."""

    count: ClassVar[Kind] = Int(1)
    every: ClassVar[Kind] = Epochs()
    help: ClassVar[str] = "write `samples: {fake: 64, every: 1 epoch}`"

    def read(self, tree: Tree) -> Samples:
        if not isinstance(tree, Mapping) or {key.text for key, _ in tree} <= {_EVERY}:
            raise self.refuse(tree, self.help)
        report = Report()
        values = [
            (key, report.attempt(self.count.read, count))
            for key, count in tree
            if key.text != _EVERY
        ]
        every = tree.get(_EVERY)
        again = 1 if every is None else report.attempt(self.every.read, every)
        report.stop()
        return Samples(tuple(values), again)  # type: ignore[arg-type]

    def write(self, value: object) -> object:
        assert isinstance(value, Samples)
        return value.counts | {_EVERY: self.every.write(value.every)}

    def schema(self) -> dict:
        text = "after how many epochs again; default: 1"
        return {
            "type": "object",
            "properties": {_EVERY: self.every.schema() | {"description": text}},
            "additionalProperties": self.count.schema(),
            "minProperties": 1,
            "if": {"required": [_EVERY]},
            "then": {"minProperties": 2},
        }

    def __str__(self) -> str:
        return "names of values, and of how many examples each"
