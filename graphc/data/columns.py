"""Cells of tables as numbers: one by one, or whole columns of Arrow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphc.core.operation import ShapeError
from graphc.ops.tables import arrow_cells, is_gap, missing_value, truth_or_number

Encoded = float | int | str | tuple[float, float]
Encoder = Callable[[str, str], Encoded]
"""(place of a line, cell) -> what stands for the cell; raises ShapeError, naming the place."""

_FLOAT32 = float(np.finfo(np.float32).max)
_EXACT = 2**53


class Unencoded(Exception):
    """A column holds what cannot be encoded; which cell that is has to be looked for."""


@dataclass(frozen=True)
class Number:
    """The encoder of a column of numbers, or of true and false.

    Args:
        path: of the file.
        column: its name.
        gaps: whether a missing value is NaN; otherwise it is an error.
        help: what to do about a cell that is no number.
    """

    path: str
    column: str
    gaps: bool
    help: str

    def __call__(self, place: str, cell: str) -> Any:
        value = truth_or_number(cell)
        if value is not None and math.isfinite(value) and abs(value) <= _FLOAT32:
            return value
        if self.gaps and is_gap(cell):
            return math.nan
        if not cell:
            raise missing_value(self.path, place, self.column)
        message = f"`{self.path}` {place} has `{cell}` in column `{self.column}`"
        if value is None:
            raise ShapeError(f"{message}, which is no number", self.help, "GC513")
        repair = "drop the row or repair the number"
        raise ShapeError(f"{message}, which is no finite float32", repair, "GC514")

    def column_of(self, column: Any) -> np.ndarray:
        """A whole column of Arrow that holds numbers; raises Unencoded."""
        numbers = column.to_numpy(zero_copy_only=False).astype(np.float64)
        missing = np.isnan(numbers)
        if (missing.any() and not self.gaps) or not (np.abs(numbers) <= _FLOAT32)[~missing].all():
            raise Unencoded
        return numbers


@dataclass(frozen=True)
class Place(Number):
    """The encoder of what steps are ordered by, as two numbers whose sum it is.

    One float64 alone would round whole numbers above 2^53, as times in nanoseconds are.
    """

    def __call__(self, place: str, cell: str) -> tuple[float, float]:
        value = super().__call__(place, cell)
        whole = cell.lstrip("+-").isdecimal()
        return value, float(int(cell) - int(value)) if whole else 0.0

    def column_of(self, column: Any) -> np.ndarray:
        numbers = super().column_of(column)
        if np.abs(numbers).max(initial=0) > _EXACT:
            raise Unencoded
        return np.stack([numbers, np.zeros_like(numbers)], axis=1)


def encode_columns(
    batch: Any, places: Mapping[str, int], encoders: Mapping[str, Encoder]
) -> dict[str, np.ndarray]:
    """The columns of a batch of Arrow: numbers at once, of others each different cell once.

    Raises:
        Unencoded: where a cell cannot be encoded.
    """
    return {name: _column(batch.column(place), encoders[name]) for name, place in places.items()}


def _column(column: Any, encoder: Encoder) -> np.ndarray:
    from pyarrow import types

    if isinstance(encoder, Number) and (
        types.is_integer(column.type) or types.is_floating(column.type)
    ):
        return encoder.column_of(column)
    if not types.is_dictionary(column.type):
        column = column.dictionary_encode(null_encoding="encode")
    try:
        codes = [encoder("", cell) for cell in arrow_cells(column.dictionary)]
    except ShapeError:
        raise Unencoded from None
    if column.indices.null_count:
        raise Unencoded
    return np.array(codes)[column.indices.to_numpy()]
