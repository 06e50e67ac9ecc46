"""The user's own files: csv and npz."""

from __future__ import annotations

import math

import numpy as np

from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.data.dataset import Arrays
from graphc.data.examples import Examples
from graphc.ops.sources import Columns, Csv, Npz
from graphc.ops.tables import (
    csv_lines,
    missing_value,
    npz_arrays,
    npz_headers,
    number,
    require_columns,
)

_FLOAT32 = float(np.finfo(np.float32).max)
_FEATURE = "repair it, or list the columns to use in `features`"
_QUANTITY = "repair it; a target that names classes has `kind: classes`"


def load_csv(source: Csv, folder: str) -> Examples:
    """A csv file; the classes of the training file are those of the test file.

    Raises:
        ShapeError: GC511 to GC518, naming file, line and column.
    """
    columns = source.columns(folder)
    train = _read_csv(source, source.file(folder), columns)
    path = source.test_path
    test = None if path is None else _read_csv(source, source.file(folder, path), columns)
    return Examples(source.types(columns), train, test, columns.classes)


def _read_csv(source: Csv, path: str, columns: Columns) -> Arrays:
    lines = csv_lines(path, source.delimiter)
    _, header = next(lines)
    require_columns(path, header, [*columns.features, source.target])
    places = [(header.index(each), each) for each in columns.features]
    at = header.index(source.target)
    classes = None if columns.classes is None else {c: i for i, c in enumerate(columns.classes)}
    features: list[list[float]] = []
    target: list[float] = []
    for line, cells in lines:
        features.append(
            [_number(path, line, name, cells[place], _FEATURE) for place, name in places]
        )
        if classes is None:
            target.append(_number(path, line, source.target, cells[at], _QUANTITY))
        else:
            target.append(_class(path, line, source.target, cells[at], classes))
    goal = np.array(target)[:, None] if classes is None else np.array(target, np.int32)
    return {"features": np.array(features), source.target: goal}


def _class(path: str, line: int, column: str, cell: str, classes: dict[str, int]) -> int:
    if not cell:
        raise missing_value(path, line, column)
    if cell not in classes:
        message = f"`{path}` line {line} has the class `{cell}` in column `{column}`"
        help = f"the classes are {listing(classes)}"
        raise ShapeError(f"{message}, which the training file has not", help, "GC515")
    return classes[cell]


def _number(path: str, line: int, column: str, cell: str, help: str) -> float:
    value = number(cell)
    if value is None:
        if not cell:
            raise missing_value(path, line, column)
        message = f"`{path}` line {line} has `{cell}` in column `{column}`, which is no number"
        raise ShapeError(message, help, "GC513")
    if not math.isfinite(value) or abs(value) > _FLOAT32:
        message = f"`{path}` line {line} has `{cell}` in column `{column}`"
        help = "drop the row or repair the number"
        raise ShapeError(f"{message}, which is no finite float32", help, "GC514")
    return value


def load_npz(source: Npz, folder: str) -> Examples:
    """An npz file; raises ShapeError GC511 to GC518, naming the file and the array."""
    names = (*source.inputs, source.target)
    path = source.file(folder)
    fields = source.fields(folder)
    train = npz_arrays(path, names)
    if source.test_path is None:
        return Examples(fields, _with_target(source, train))
    path = source.file(folder, source.test_path)
    npz_headers(path, names)
    test = npz_arrays(path, names)
    for name in names:
        if _form(test[name]) != _form(train[name]):
            found, wanted = _described(test[name]), _described(train[name])
            message = f"the array `{name}` of `{path}` holds {found}, but for training {wanted}"
            raise ShapeError(message, code="GC516")
    return Examples(fields, _with_target(source, train), _with_target(source, test))


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
