"""Arrays of the user's own: npz files."""

from __future__ import annotations

import numpy as np

from graphc.core.operation import ShapeError
from graphc.data.examples import Examples
from graphc.data.scaling import Arrays
from graphc.ops.sources import Npz
from graphc.ops.tables import npz_arrays, npz_headers


def load_npz(source: Npz, folder: str) -> Examples:
    """An npz file; raises ShapeError GC511 to GC518, naming the file and the array."""
    names = (*source.inputs, source.target)
    path = source.file(folder)
    fields = source.fields(folder)
    train = npz_arrays(path, names)
    test, validation = (
        None if other is None else _with_target(source, _same_form(source, folder, other, train))
        for other in (source.test_path, source.validation_path)
    )
    others = {"test": source.test_path, "validation": source.validation_path}
    files = {part: source.file(folder, other) for part, other in others.items() if other}
    files["training"] = path
    return Examples(fields, _with_target(source, train), test, validation=validation, files=files)


def _same_form(source: Npz, folder: str, other: str, train: Arrays) -> Arrays:
    """The arrays of a further file, which are like those of the training file."""
    path = source.file(folder, other)
    npz_headers(path, tuple(train))
    arrays = npz_arrays(path, tuple(train))
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
        floats = target.astype(np.float64)
        target = floats[:, None] if floats.ndim == 1 else floats
    return arrays | {source.target: target}
