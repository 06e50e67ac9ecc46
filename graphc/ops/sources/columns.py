"""Which columns of a table are used, and how missing values are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from graphc.core.attributes import Kind, Text
from graphc.core.diagnostic import Report
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Tree

POLICIES = ("error", "mean", "median", "category", "drop")
MEASURED = ("mean", "median")
Policy = str | tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Columns:
    """What of a table is used; numbers and one-hot columns make the field `features`.

    Args:
        numbers: columns of numbers, or of true and false.
        one_hot: columns of categories, with these in their order.
        index: columns of categories that are a field of ints each.
        classes: those of the target in their order; None where it is a quantity.
    """

    numbers: tuple[str, ...]
    one_hot: Mapping[str, tuple[str, ...]]
    index: Mapping[str, tuple[str, ...]]
    classes: tuple[str, ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are learnt from."""
        return (*self.numbers, *self.one_hot, *self.index)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `json` writes and `from_dict` reads."""
        return {
            "numbers": list(self.numbers),
            "one_hot": {name: list(each) for name, each in self.one_hot.items()},
            "index": {name: list(each) for name, each in self.index.items()},
            "classes": None if self.classes is None else list(self.classes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The columns that `as_dict` wrote."""
        return cls(
            tuple(data["numbers"]),
            {name: tuple(each) for name, each in data["one_hot"].items()},
            {name: tuple(each) for name, each in data["index"].items()},
            None if data["classes"] is None else tuple(data["classes"]),
        )


@dataclass(frozen=True)
class Missing(Kind):
    """One policy for missing values, or policies by the names of columns."""

    def read(self, tree: Tree) -> Policy:
        if not isinstance(tree, MappingTree):
            return Text(POLICIES).read(tree)
        report = Report()
        rows = [(key.text, report.attempt(Text(POLICIES).read, each)) for key, each in tree]
        report.stop()
        return tuple(rows)  # type: ignore[return-value]

    def write(self, value: object) -> object:
        return dict(value) if isinstance(value, tuple) else value

    def schema(self) -> dict:
        one = Text(POLICIES).schema()
        return {"anyOf": [one, {"type": "object", "additionalProperties": one}]}

    def __str__(self) -> str:
        return f"{Text(POLICIES)}, or a mapping of columns to them"
