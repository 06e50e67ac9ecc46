"""Arrays out of pickles of Python 2, of which nothing is run.

A pickle is a program that may call whatever it names. Here names stand for classes that only keep
what they are given, and a name that stands for none is refused before anything is called; arrays
are made of what was kept.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from graphc.core.diagnostic import RunError
from graphc.data.files import damaged

_KINDS = "biuf"


class _Kept:
    """What a pickle says of an object."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Numbers(_Kept):
    """The type of an array's numbers."""

    def dtype(self) -> np.dtype:
        (name, *_), order = self.arguments, self.state[1]
        found = np.dtype(name)
        if found.kind not in _KINDS or order not in "<>|=":
            raise ValueError(f"its numbers are {name}")
        return found.newbyteorder(order)


class _Array(_Kept):
    """An array."""

    def array(self) -> np.ndarray:
        _, shape, numbers, columns, data = self.state
        flat = np.frombuffer(data.encode("latin1"), numbers.dtype())
        return flat.reshape(shape, order="F" if columns else "C")


class _Rows(_Kept):
    """A sparse matrix by its rows."""

    def array(self) -> np.ndarray:
        kept = (self.state[name].array() for name in ("data", "indices", "indptr"))
        return dense(*kept, shape=self.state["_shape"])


class _Lists(dict):
    """A mapping, whatever its missing values would be."""

    def __init__(self, *_: Any) -> None:
        super().__init__()


_STAND_FOR: dict[str, type] = {
    "numpy ndarray": _Array,
    "numpy dtype": _Numbers,
    "numpy.core.multiarray _reconstruct": _Array,
    "scipy.sparse.csr csr_matrix": _Rows,
    "collections defaultdict": _Lists,
    "__builtin__ list": list,
    "__builtin__ int": int,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        found = _STAND_FOR.get(f"{module_name} {global_name}")
        if found is None:
            raise pickle.UnpicklingError(f"it names `{module_name}.{global_name}`")
        return found


def unpickled_array(data: bytes, name: str) -> np.ndarray:
    """The array, or the sparse matrix as one, in a pickle; raises RunError GC503 for others.

    Args:
        data: the pickle.
        name: what it is called in messages.
    """
    return _read(data, name, lambda found: found.array())


def unpickled_lists(data: bytes, name: str) -> dict[int, list[int]]:
    """A mapping of integers to lists of integers in a pickle; raises RunError GC503 for others."""
    return _read(data, name, _lists)


def _lists(found: Any) -> dict[int, list[int]]:
    if not isinstance(found, dict):
        raise TypeError("it is no mapping")
    return {int(key): [int(each) for each in several] for key, several in found.items()}


def _read(data: bytes, name: str, use: Any) -> Any:
    try:
        return use(_Reader(io.BytesIO(data), encoding="latin1").load())
    except Exception as error:  # bytes that are no pickle raise nearly anything
        raise _no_arrays(name, error) from error


def _no_arrays(name: str, error: Exception) -> RunError:
    return damaged(name, f"it is no pickle of arrays alone, {error or type(error).__name__}")


def dense(
    data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """A sparse matrix by its rows as an array of floats [rows, columns].

    Raises:
        ValueError: where the arrays do not belong together.

    Example:
        >>> dense(np.array([2.0, 3.0]), np.array([1, 0]), np.array([0, 1, 1, 2]), (3, 2)).tolist()
        [[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]]
    """
    rows, columns = map(int, shape)
    if indptr.shape != (rows + 1,) or indptr[0] != 0 or indptr[-1] != len(data):
        raise ValueError(f"its rows do not end where {len(data)} numbers do")
    if (np.diff(indptr) < 0).any() or indices.shape != data.shape:
        raise ValueError("its rows do not follow one another")
    if len(indices) and not 0 <= indices.min() <= indices.max() < columns:
        raise ValueError(f"it has a number in a column that is none of {columns}")
    found = np.zeros((rows, columns), np.float32)
    np.add.at(found, (np.repeat(np.arange(rows), np.diff(indptr)), indices), data)
    return found
