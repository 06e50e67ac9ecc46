"""Arrays of the user's own: npz files."""

from __future__ import annotations

import numpy as np

from graphc.core.operation import ShapeError
from graphc.data.examples import Examples
from graphc.data.rows import by_row
from graphc.data.scaling import Arrays
from graphc.data.store import Store
from graphc.ops.sources import Npz
from graphc.ops.tables import npz_headers


def load_npz(source: Npz, folder: str, store: Store) -> Examples:
    """An npz file; raises ShapeError GC511 to GC518, naming the file and the array."""
    names = (*source.inputs, source.target)
    path = source.file(folder)
    fields = source.fields(folder)
    train = store.archive(path, names)
    further = source.further_files(folder)
    others = {
        part: _with_target(source, _same_form(file, train, store)) for part, file in further.items()
    }
    return Examples(
        fields,
        _with_target(source, train),
        others.get("test"),
        validation=others.get("validation"),
        files=further | {"training": path},
    )


def _same_form(path: str, train: Arrays, store: Store) -> Arrays:
    """The arrays of a further file, which are like those of the training file."""
    npz_headers(path, tuple(train))
    arrays = store.archive(path, tuple(train))
    for name, array in arrays.items():
        if _form(array) != _form(train[name]):
            found, wanted = _described(array), _described(train[name])
            message = f"the array `{name}` of `{path}` holds {found}, but for training {wanted}"
            raise ShapeError(message, code="GC516")
    return arrays


def _form(array: np.ndarray) -> tuple:
    return array.shape[1:], array.dtype.kind, array.dtype == np.uint8


def _described(array: np.ndarray) -> str:
    return f"{list(array.shape[1:])} of {array.dtype}"


def _with_target(source: Npz, arrays: Arrays) -> Arrays:
    """A target that is a quantity as floats [examples, 1], if it is one number each."""
    target = arrays[source.target]
    if source.kind == "number":
        target = by_row(arrays[source.target], _floats)
    return arrays | {source.target: target}


def _floats(target: np.ndarray) -> np.ndarray:
    return target.astype(np.float64).reshape(len(target), *(target.shape[1:] or (1,)))
