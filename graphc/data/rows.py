"""Arrays that are too large for the memory: rows of them are made when they are asked for."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError

Make = Callable[[np.ndarray], np.ndarray]
_PIECE = 1 << 21  # numbers
# Bytes: reading so many more is no dearer than reading once more; at most so many at a time.
_GAP = 1 << 14
_WINDOW = 1 << 22


class Filed:
    """An array [examples, ...] in a file, of which rows are read when they are asked for.

    It is not mapped into the memory: a process that goes through a mapped file in random order
    holds most of it in the end, and pays for every page.

    Args:
        path: the file.
        dtype: of its numbers.
        shape: of the whole, whose rows lie end to end.
        offset: the byte that they start at.
    """

    def __init__(self, path: str, dtype: np.dtype, shape: tuple[int, ...], offset: int = 0) -> None:
        self._path, self._file = path, os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self.shape, self.dtype, self._offset = shape, dtype, offset
        self._row = dtype.itemsize * int(np.prod(shape[1:]))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            found = np.empty((max(0, stop - start), *self.shape[1:]), self.dtype)
            self._fill(found, start)
            return found
        rows = np.where(rows < 0, rows + len(self), rows)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for start, stop in self._runs(ordered):
            first, last = int(ordered[start]), int(ordered[stop - 1])
            if start + 1 == stop:
                place = int(order[start])
                self._fill(found[place : place + 1], first)
                continue
            part = np.empty((last + 1 - first, *self.shape[1:]), self.dtype)
            self._fill(part, first)
            found[order[start:stop]] = part[ordered[start:stop] - first]
        return found

    def _runs(self, ordered: np.ndarray) -> Iterator[tuple[int, int]]:
        """Parts of sorted rows that are near enough to each other to be read together."""
        far = np.flatnonzero(np.diff(ordered) * self._row > _GAP) + 1
        several = max(1, _WINDOW // (_GAP + max(1, self._row)))
        for start, stop in pairwise([0, *far.tolist(), len(ordered)]):
            for part in range(start, stop, several):
                yield part, min(part + several, stop)

    def _fill(self, found: np.ndarray, start: int) -> None:
        """Read the rows from `start` on; raises RunError GC511 where the file was cut."""
        view = found.reshape(-1).view(np.uint8).data
        place = self._offset + start * self._row
        while view:
            count = os.preadv(self._file, [view], place)
            if not count:
                message = f"`{self._path}` was cut while it was read"
                raise RunError(Diagnostic("GC511", message, help="train again, and leave it alone"))
            view, place = view[count:], place + count


class Rows:
    """Rows of an array, made of those of another one when they are asked for.

    It has of an array what the training, the evaluation and the summary of a data set use.

    Args:
        base: an array in memory, or a `Filed` one.
        index: int [examples], which rows of it; all where there is none.
        make: for each of these functions in turn, what is made of the rows: an array of as many,
            each of which depends on its own row alone.
    """

    def __init__(
        self, base: Any, index: np.ndarray | None = None, make: tuple[Make, ...] = ()
    ) -> None:
        self._base, self._index, self._make = base, index, make
        first = self[:1]
        self.dtype, self.ndim = first.dtype, first.ndim
        self.shape = (len(self), *first.shape[1:])

    def __len__(self) -> int:
        return len(self._base) if self._index is None else len(self._index)

    def __getitem__(self, rows: int | np.integer | slice | np.ndarray) -> np.ndarray:
        """One row, or several; -1 is the last one."""
        if isinstance(rows, (int, np.integer)):
            return self[np.array([rows])][0]
        found = self._base[rows if self._index is None else self._index[rows]]
        for make in self._make:
            found = make(found)
        return found

    def take(self, index: np.ndarray) -> Rows:
        """Some of these rows."""
        return Rows(self._base, index if self._index is None else self._index[index], self._make)

    def map(self, make: Make) -> Rows:
        """What a function makes of each row."""
        return Rows(self._base, self._index, (*self._make, make))


Array = np.ndarray | Rows


def by_row(array: Array, make: Make) -> Any:
    """What a function of each row makes of an array: at once, or when it is asked for."""
    return make(array) if isinstance(array, np.ndarray) else array.map(make)


def pieces(array: Array) -> Iterator[tuple[int, np.ndarray]]:
    """The array in parts of bounded size, each with the place of its first row.

    The parts of equal arrays are equal, wherever they are kept: so are sums over them.
    """
    size = max(1, _PIECE // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), size):
        yield start, np.ascontiguousarray(array[start : start + size])
