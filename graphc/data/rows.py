"""Arrays that are too large for the memory: rows of them are made when they are asked for."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Make = Callable[[np.ndarray], np.ndarray]
_PIECE = 1 << 21  # numbers
_HELD = 1 << 26  # bytes
_PAGE = mmap.PAGESIZE


class Mapped:
    """An array [examples, ...] in a file, of which parts are copied when they are asked for.

    What was read is given back to the system time and again, so that the process stays small.

    Args:
        path: the file.
        dtype: of its numbers.
        shape: of the whole.
        offset: the byte that the array starts at.
        order: C or F, as numpy calls it.
    """

    def __init__(
        self,
        path: str,
        dtype: np.dtype,
        shape: tuple[int, ...],
        offset: int = 0,
        order: Any = "C",
    ) -> None:
        with open(path, "rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        count = int(np.prod(shape))
        flat = np.frombuffer(self._memory, dtype, count, offset)
        self._array = flat.reshape(shape, order=order)
        self.shape, self.dtype = self._array.shape, self._array.dtype
        self._touched = 0

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        found = self._array[rows]
        copy = np.array(found) if isinstance(rows, slice) else found
        each = copy.nbytes // max(1, len(copy))
        self._touched += copy.nbytes if isinstance(rows, slice) else len(copy) * (each + _PAGE)
        if self._touched > _HELD and hasattr(mmap, "MADV_DONTNEED"):
            self._memory.madvise(mmap.MADV_DONTNEED)
            self._touched = 0
        return copy


class Rows:
    """Rows of an array, made of those of another one when they are asked for.

    It has of an array what the training, the evaluation and the summary of a data set use.

    Args:
        base: an array in memory or a `Mapped` one.
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
    return array.map(make) if isinstance(array, Rows) else make(array)


def pieces(array: Array) -> Iterator[tuple[int, np.ndarray]]:
    """The array in parts of bounded size, each with the place of its first row.

    The parts of equal arrays are equal, wherever they are kept: so are sums over them.
    """
    size = max(1, _PIECE // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), size):
        yield start, np.ascontiguousarray(array[start : start + size])
