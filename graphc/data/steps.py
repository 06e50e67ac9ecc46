"""Rows of a table that are the steps of sequences, brought together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import LENGTH
from graphc.data.scaling import Arrays


@dataclass(frozen=True, eq=False)
class Steps:
    """Which rows are the steps of which sequence, in which order.

    Attributes:
        path: the file, for messages.
        names: of the sequences, in the order in which they come first: [sequences].
        length: how many steps each of them has: int [sequences].
        rows: the row of each step, 0 behind the last one: int [sequences, longest].
    """

    path: str
    names: np.ndarray
    length: np.ndarray
    rows: np.ndarray

    @property
    def even(self) -> bool:
        """Whether all sequences are equally long."""
        return bool((self.length == self.length[0]).all())

    def of(self, array: np.ndarray) -> np.ndarray:
        """An array [rows, ...] by sequences and steps, [sequences, longest, ...]."""
        return array[self.rows]

    def single(self, column: str, array: np.ndarray) -> np.ndarray:
        """What all steps of a sequence have in common, [sequences, ...].

        Raises:
            ShapeError: GC516 where they differ.
        """
        steps = self.of(array)
        there = np.arange(self.rows.shape[1]) < self.length[:, None]
        same = (steps == steps[:, :1]).reshape(*there.shape, -1).all(axis=-1) | ~there
        if not same.all():
            name = self.names[np.flatnonzero(~same.all(axis=1))[0]]
            message = f"the rows of the sequence `{name}` of `{self.path}` differ in `{column}`"
            help = "a sequence has one value there; a target for each step has `target_of: step`"
            raise ShapeError(message, help, "GC516", column)
        return steps[:, 0]

    def arranged(self, arrays: Arrays) -> Arrays:
        """Arrays [rows, ...] as [sequences, longest, ...], with the lengths where they differ."""
        found = {name: self.of(array) for name, array in arrays.items()}
        return found if self.even else found | {LENGTH: self.length}


def steps_of(path: str, names: np.ndarray, order: np.ndarray | None) -> Steps:
    """The steps of each sequence.

    Args:
        path: the file, for messages.
        names: the sequence of each row, [rows].
        order: what the rows of a sequence are ordered by, two numbers whose sum it is, [rows, 2];
            None for as they come.

    Raises:
        ShapeError: GC516 for two steps of one sequence at the same place.
    """
    known, first, number = np.unique(names, return_index=True, return_inverse=True)
    appearance = np.argsort(np.argsort(first))[number]
    key = np.arange(len(names))[:, None] if order is None else order
    rows = np.lexsort((*key.T[::-1], appearance))
    length = np.bincount(appearance)
    twice = (np.diff(key[rows], axis=0) == 0).all(axis=1) & (np.diff(appearance[rows]) == 0)
    if twice.any():
        row = rows[np.flatnonzero(twice)[0]]
        place = sum(int(each) if each.is_integer() else each for each in key[row].tolist())
        message = f"two steps of the sequence `{names[row]}` of `{path}` have the order {place}"
        raise ShapeError(message, "number the steps of a sequence apart", "GC516")
    start = np.cumsum(length) - length
    place = np.minimum(start[:, None] + np.arange(length.max()), len(rows) - 1)
    there = np.arange(length.max()) < length[:, None]
    return Steps(path, known[np.argsort(first)], length, np.where(there, rows[place], 0))
