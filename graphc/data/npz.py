"""Arrays of the user's own: npz files."""

from __future__ import annotations

from functools import partial

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import lengths_over
from graphc.data.examples import Examples
from graphc.data.rows import by_row
from graphc.data.scaling import Arrays
from graphc.data.store import Store
from graphc.ops.sources import Npz
from graphc.ops.tables import npz_headers


def load_npz(source: Npz, folder: str, store: Store) -> Examples:
    """An npz file; raises ShapeError GC511 to GC518, naming the file and the array."""
    path = source.file(folder)
    fields = source.fields(folder)
    train = store.archive(path, source.arrays)
    further = source.further_files(folder)
    others = {
        part: _prepared(source, _same_form(source, file, train, store))
        for part, file in further.items()
    }
    return Examples(
        fields,
        _prepared(source, train),
        others.get("test"),
        validation=others.get("validation"),
        files=further | {"training": path},
    )


def _same_form(source: Npz, path: str, train: Arrays, store: Store) -> Arrays:
    """The arrays of a further file, which are like those of the training file."""
    npz_headers(path, tuple(train))
    arrays = store.archive(path, tuple(train))
    for name, array in arrays.items():
        first = 1 if source.lengths_of(name) is None else 2
        if _form(array, first) != _form(train[name], first):
            found, wanted = _described(array), _described(train[name])
            message = f"the array `{name}` of `{path}` holds {found}, but for training {wanted}"
            raise ShapeError(message, code="GC516")
    return arrays


def _form(array: np.ndarray, first: int) -> tuple:
    return array.shape[first:], array.dtype.kind, array.dtype == np.uint8


def _described(array: np.ndarray) -> str:
    return f"{list(array.shape[1:])} of {array.dtype}"


def _prepared(source: Npz, arrays: Arrays) -> Arrays:
    """A target that is a quantity as floats, [1] if it is one number; lengths by their own name."""
    target = arrays[source.target]
    if source.kind == "number":
        axes = 2 if source.target in source.axes else 1
        target = by_row(arrays[source.target], partial(_floats, axes=axes))
    arrays = arrays | {source.target: target}
    several = source.lengths_by_axis
    lengths = {lengths_over(axis): arrays[name][:] for axis, name in several.items()}
    return {name: each for name, each in arrays.items() if name not in several.values()} | lengths


def _floats(target: np.ndarray, axes: int) -> np.ndarray:
    """Floats with at least one axis behind so many."""
    return target.astype(np.float64).reshape(*target.shape[:axes], *(target.shape[axes:] or (1,)))
