"""A data set in memory: arrays for each split and field, and how they were scaled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from graphc.core.types import Type

Arrays = dict[str, np.ndarray]
SPLITS = ("train", "validation", "test")
_CHUNK = 4096


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of one field for each entry of its last axis."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, array: np.ndarray) -> Self:
        """Measured over all axes but the last; a constant entry gets a deviation of 1.

        Args:
            array: [examples, ..., features], or [examples] for a field of single numbers.
        """
        rows = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
        mean = rows.mean(axis=0, dtype=np.float64)
        squares = np.zeros_like(mean)
        for start in range(0, len(rows), _CHUNK):
            squares += ((rows[start : start + _CHUNK] - mean) ** 2).sum(axis=0)
        constant = rows.min(axis=0) == rows.max(axis=0)
        deviation = np.where(constant, 1.0, np.sqrt(squares / len(rows)))
        return cls(tuple(mean.tolist()), tuple(deviation.tolist()))


@dataclass(frozen=True)
class Scaling:
    """Subtracts the mean and divides by the deviation, both measured on the training part.

    Example:
        >>> scaling = Scaling.fit({"x": np.array([[1.0], [3.0]])}, ["x"])
        >>> scaling.apply({"x": np.array([[5.0]])})["x"].tolist()
        [[3.0]]
    """

    moments: Mapping[str, Moments]

    @classmethod
    def fit(cls, train: Arrays, fields: Iterable[str]) -> Self:
        """The scaling that gives `fields` of the training part mean 0 and variance 1."""
        return cls({name: Moments.of(train[name]) for name in fields})

    def apply(self, arrays: Mapping[str, np.ndarray]) -> Arrays:
        """The same fields scaled, as float32; fields without moments are passed through."""
        return {name: self._scaled(name, array) for name, array in arrays.items()}

    def _scaled(self, name: str, array: np.ndarray) -> np.ndarray:
        if name not in self.moments:
            return array
        moments = self.moments[name]
        # Numbers read as float64 are scaled as such: a year or a time stamp needs the digits.
        dtype = np.float64 if array.dtype == np.float64 else np.float32
        mean, deviation = np.array(moments.mean, dtype), np.array(moments.deviation, dtype)
        if array.ndim == 1:
            mean, deviation = mean[0], deviation[0]
        return ((array - mean) / deviation).astype(np.float32, copy=False)

    def as_dict(self) -> dict:
        """Plain data that `json` writes and `from_dict` reads."""
        return {
            name: {"mean": list(each.mean), "deviation": list(each.deviation)}
            for name, each in self.moments.items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Mapping[str, Iterable[float]]]) -> Self:
        """The scaling that `as_dict` wrote."""
        return cls(
            {
                name: Moments(tuple(each["mean"]), tuple(each["deviation"]))
                for name, each in data.items()
            }
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split and scaled; its arrays are read-only.

    Attributes:
        splits: `train`, and where they are not empty `validation` and `test`; each a dict of
            arrays [examples, ...] by field, in float32, int32 or bool.
        fields: the type of one example's fields.
        target: the field that losses compare with by default.
        class_names: what the target's integers mean, or None where it is a quantity.
        scaling: how float inputs were scaled (without moments where they were not).
    """

    splits: dict[str, Arrays]
    fields: dict[str, Type]
    target: str
    class_names: tuple[str, ...] | None
    scaling: Scaling

    def __post_init__(self) -> None:
        for arrays in self.splits.values():
            for array in arrays.values():
                array.flags.writeable = False

    def count(self, split: str) -> int:
        """How many examples a split has; 0 where there is none."""
        return len(self.splits[split][self.target]) if split in self.splits else 0
