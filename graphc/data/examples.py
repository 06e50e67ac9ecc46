"""What a loader hands over, before it is split: and the checks that every source gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.types import Type
from graphc.data.scaling import Arrays
from graphc.ops.sources import Columns


@dataclass(frozen=True, eq=False)
class Examples:
    """The examples of a source in the order of its files.

    Attributes:
        fields: the type of one example's fields.
        train: what is split into train and validation (and test, where `test` is None).
        test: the test split that the source brings.
        class_names: what the target's integers mean, or None.
        validation: the validation split that the source brings.
        columns: of a table, which of its columns are used.
        policies: by field, `mean` or `median` for entries of its last axis that may be missing
            (NaN), None for the others.
        categories: by field, how many of its entries, at the end, stand for categories.
        groups: for each example of `train`, which group it belongs to: groups are not divided.
        given: for each example of `train`, the split that it is in.
        files: for the parts that are a file of the user's, its path, for messages.
        directed: whether the edges of graphs lead one way.
        left_out: how many edges of graphs were left out, by the reason.
    """

    fields: Mapping[str, Type]
    train: Arrays
    test: Arrays | None = None
    class_names: tuple[str, ...] | None = None
    validation: Arrays | None = None
    columns: Columns | None = None
    policies: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    groups: np.ndarray | None = None
    given: np.ndarray | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    directed: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)

    def parts(self) -> dict[str, Arrays]:
        """The training data, and the splits that the source brings."""
        found = {"training": self.train, "validation": self.validation, "test": self.test}
        return {name: each for name, each in found.items() if each is not None}

    def brought(self) -> tuple[str, ...]:
        """The splits that the source brings, which are not held out."""
        return tuple(name for name in self.parts() if name != "training")


def require_finite(what: str, array: np.ndarray, start: int = 0) -> None:
    """Raise RunError GC514 where a number is NaN, infinite or too large for float32.

    Args:
        start: the place of the first row among all examples.
    """
    with np.errstate(over="ignore"):
        bad = ~np.isfinite(array.astype(np.float32, copy=False))
    if bad.any():
        place = np.argwhere(bad)[0]
        value = array[tuple(place)]
        kind = "NaN" if np.isnan(value) else "infinite" if np.isinf(value) else "beyond float32"
        message = f"{what} holds a number that is {kind}: {_place(place, start)}"
        raise RunError(Diagnostic("GC514", message, help="remove the example or repair the number"))


def require_integers(what: str, array: np.ndarray, below: int | None, start: int = 0) -> None:
    """Raise RunError GC515 where an integer is outside 0..below - 1, or of int32."""
    bounds = np.iinfo(np.int32)
    low, high = (0, below - 1) if below is not None else (bounds.min, bounds.max)
    bad = (array < low) | (array > high)
    if bad.any():
        place = np.argwhere(bad)[0]
        found = f"{what} holds {array[tuple(place)]}, {_place(place, start)}"
        message = f"{found}, but its values are {low} to {high}"
        raise RunError(Diagnostic("GC515", message))


def _place(place: np.ndarray, start: int) -> str:
    """An example, and the column where there is one: both counted from 1, as rows of a file."""
    example, *rest = (int(each) + 1 for each in place)
    example += start
    if not rest:
        return f"example {example}"
    column = f"column {rest[0]}" if len(rest) == 1 else f"entry {rest}"
    return f"example {example}, {column}"
