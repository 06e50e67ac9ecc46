"""How numbers are filled in and scaled: measured on the training part, kept with the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import numpy as np

from graphc.data.rows import Array, by_row, pieces

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Moments:
    """What is subtracted from each entry of a field's last axis, and what it is divided by.

    Args:
        mean: the mean, or with `min_max` the smallest value.
        deviation: the standard deviation, or with `min_max` the range.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, array: Array) -> Self:
        """Mean and deviation over all axes but the last; a constant entry gets a deviation of 1.

        Args:
            array: [examples, ..., features], or [examples] for a field of single numbers.
        """
        low, high, total, count = range_of(array)
        mean = total / count
        squares = sum(((_rows(piece) - mean) ** 2).sum(axis=0) for _, piece in pieces(array))
        deviation = np.where(low == high, 1.0, np.sqrt(squares / count))
        return cls(tuple(mean.tolist()), tuple(deviation.tolist()))

    @classmethod
    def bounds(cls, array: Array) -> Self:
        """Smallest value and range over all axes but the last, for values in 0..1."""
        low, high, _, _ = range_of(array)
        return cls(tuple(low.tolist()), tuple(np.where(low == high, 1.0, high - low).tolist()))

    def but_the_last(self, count: int) -> Self:
        """The same, with the last `count` entries left as they are."""
        kept = len(self.mean) - count
        mean, deviation = self.mean[:kept], self.deviation[:kept]
        return type(self)((*mean, *[0.0] * count), (*deviation, *[1.0] * count))


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)


def range_of(array: Array) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Smallest and largest value, sum and count over all axes but the last, in float64."""
    low, high, total, count = np.array(np.inf), np.array(-np.inf), np.zeros(()), 0
    for _, piece in pieces(array):
        rows = _rows(piece)
        low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
        total = total + rows.sum(axis=0, dtype=np.float64)
        count += len(rows)
    return low, high, total, count


_MEASURES = {"standard": Moments.of, "min_max": Moments.bounds}


@dataclass(frozen=True)
class Scaling:
    """Fills in what is missing, subtracts and divides: all measured on the training part.

    Args:
        moments: of the fields that are scaled.
        fills: for fields with values that may be missing (NaN), what stands for one in each entry
            of the last axis; None where none may be.
        rows: fields whose last axis is divided by its sum.

    Example:
        >>> scaling = Scaling.fit({"x": np.array([[1.0], [3.0]])}, ["x"])
        >>> scaling.apply({"x": np.array([[5.0]])})["x"].tolist()
        [[3.0]]
    """

    moments: Mapping[str, Moments]
    fills: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    rows: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        train: Mapping[str, Array],
        fields: Iterable[str],
        kind: str = "standard",
        policies: Mapping[str, tuple[str | None, ...]] | None = None,
        categories: Mapping[str, int] | None = None,
    ) -> Self:
        """The scaling of the training part.

        Args:
            train: its arrays.
            fields: those that are scaled.
            kind: `standard` for mean 0 and variance 1, `min_max` for 0..1.
            policies: by field, `mean` or `median` for entries whose missing values are filled in.
            categories: by field, how many entries at the end stand for categories: they stay 0
                and 1.
        """
        fills = {name: _fills(train[name], policy) for name, policy in (policies or {}).items()}
        moments = {}
        for name in fields:
            array = train[name]
            if name in fills:
                array = by_row(array, partial(_filled, fills=fills[name]))
            moments[name] = _MEASURES[kind](array).but_the_last((categories or {}).get(name, 0))
        return cls(moments, fills)

    def scales(self, name: str) -> bool:
        """Whether a field has other numbers than before."""
        return name in self.moments or name in self.rows

    def apply(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The same fields scaled, as float32; fields that are not scaled are passed through."""
        return {name: by_row(array, partial(self._scaled, name)) for name, array in arrays.items()}

    def _scaled(self, name: str, array: np.ndarray) -> np.ndarray:
        if name in self.fills:
            array = _filled(array, self.fills[name])
        if name in self.rows:
            return by_rows(array)
        if name not in self.moments:
            return array
        moments = self.moments[name]
        # Numbers read as float64 are scaled as such: a year or a time stamp needs the digits.
        dtype = np.float64 if array.dtype == np.float64 else np.float32
        mean, deviation = np.array(moments.mean, dtype), np.array(moments.deviation, dtype)
        if array.ndim == 1:
            mean, deviation = mean[0], deviation[0]
        return ((array - mean) / deviation).astype(np.float32, copy=False)

    def restored(self, name: str, array: np.ndarray) -> np.ndarray:
        """A scaled array as it was before, in float64; what was missing stays filled in.

        Example:
            >>> scaling = Scaling({"x": Moments((2.0,), (0.5,))})
            >>> scaling.restored("x", scaling.apply({"x": np.array([[3.0]])})["x"]).tolist()
            [[3.0]]
        """
        if name not in self.moments:
            return array
        mean, deviation = map(np.array, (self.moments[name].mean, self.moments[name].deviation))
        if array.ndim == 0:
            mean, deviation = mean[0], deviation[0]
        found = array.astype(np.float64) * deviation + mean
        rounding = np.finfo(np.float32).eps * (np.abs(mean) + deviation)
        return np.where(np.abs(found) < rounding, 0.0, found)  # what is left of a 0 in float32

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `json` writes and `from_dict` reads."""
        found: dict[str, Any] = {
            name: {"mean": list(each.mean), "deviation": list(each.deviation)}
            for name, each in self.moments.items()
        }
        for name, each in self.fills.items():
            found.setdefault(name, {})["fill"] = list(each)
        return found | {name: {"rows": True} for name in self.rows}

    @classmethod
    def from_dict(cls, data: Mapping[str, Mapping[str, Any]]) -> Self:
        """The scaling that `as_dict` wrote."""
        return cls(
            {
                name: Moments(tuple(each["mean"]), tuple(each["deviation"]))
                for name, each in data.items()
                if "mean" in each
            },
            {name: tuple(each["fill"]) for name, each in data.items() if "fill" in each},
            tuple(name for name, each in data.items() if each.get("rows")),
        )


def by_rows(array: np.ndarray) -> np.ndarray:
    """Each row divided by its sum, in float32; where that is 0 it stays as it is."""
    sums = array.sum(axis=-1, keepdims=True)
    return (array / np.where(sums != 0, sums, 1)).astype(np.float32)


def _fills(array: Array, policies: tuple[str | None, ...]) -> tuple[float | None, ...]:
    """The mean or the median of each entry that has a policy, missing values left out."""
    from sklearn.impute import SimpleImputer

    def measured(column: np.ndarray, policy: str) -> float:
        imputer = SimpleImputer(strategy=policy, keep_empty_features=True)
        return np.asarray(imputer.fit(column[:, None]).transform([[np.nan]])).item()

    return tuple(
        None if policy is None else measured(_column(array, place), policy)
        for place, policy in enumerate(policies)
    )


def _column(array: Array, place: int) -> np.ndarray:
    return np.concatenate([piece[..., place].ravel() for _, piece in pieces(array)])


def _filled(array: np.ndarray, fills: tuple[float | None, ...]) -> np.ndarray:
    """The same, with what is missing in entries that have a fill put in; others keep their NaN."""
    values = np.array([np.nan if each is None else each for each in fills], array.dtype)
    return np.where(np.isnan(array), values, array)
