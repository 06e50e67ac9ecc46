"""Lenses: from an array as it is stored to one of the spec's arrays in it, and exactly back.

Each kind has a `get`, and a `join` that puts the arrays of all its lenses together again, given a
library with `stack` and `concatenate` (numpy or jax.numpy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Index:
    """The array at one place of the leading axis."""

    place: int

    def get(self, array: Any) -> Any:
        return array[self.place]

    @staticmethod
    def join(arrays: Sequence[Any], library: Any) -> Any:
        return library.stack(arrays)

    def as_list(self) -> list:
        return ["index", self.place]

    def __str__(self) -> str:
        return f"[{self.place}]"


@dataclass(frozen=True, order=True)
class Columns:
    """The numbers from `start` to `stop` of the last axis."""

    start: int
    stop: int

    def get(self, array: Any) -> Any:
        return array[..., self.start : self.stop]

    @staticmethod
    def join(arrays: Sequence[Any], library: Any) -> Any:
        return library.concatenate(arrays, axis=-1)

    def as_list(self) -> list:
        return ["columns", self.start, self.stop]

    def __str__(self) -> str:
        return f"[..., {self.start}:{self.stop}]"


Lens = Index | Columns
_KINDS = {"index": Index, "columns": Columns}


def lens(row: Sequence[Any]) -> Lens:
    """The inverse of `as_list`."""
    kind, *places = row
    return _KINDS[kind](*places)


def joined(parts: Sequence[tuple[tuple[Lens, ...], Any]], library: Any) -> Any:
    """The stored array out of all that lie in it, each with the lenses that lead to it."""
    if not parts[0][0]:
        return parts[0][1]
    rows: dict[Lens, list] = {}
    for (first, *rest), array in parts:
        rows.setdefault(first, []).append((tuple(rest), array))
    ordered = sorted(rows)
    return ordered[0].join([joined(rows[each], library) for each in ordered], library)
