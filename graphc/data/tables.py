"""The user's own tables: csv and Parquet files, and rows to predict on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

import numpy as np

from graphc.core.diagnostic import listing, similar
from graphc.core.operation import ShapeError
from graphc.core.types import LENGTH
from graphc.data.columns import Encoded, Encoder, Number, Place, Unencoded, encode_columns
from graphc.data.examples import Examples
from graphc.data.rows import pieces
from graphc.data.scaling import Arrays
from graphc.data.steps import steps_of
from graphc.data.store import Memory, Store
from graphc.ops.sources import MEASURED, Columns, Parquet, TableSource
from graphc.ops.tables import arrow_lines, missing_value, parquet_batches, require_columns

_FEATURE = "repair it, or list the columns to use in `features`"
_STEP = "repair it: steps are ordered by numbers"
_QUANTITY = "repair it; a target that names classes has `kind: classes`"
_MARK = "\0"
_SPLITS = ("train", "validation", "test")
_AT_ONCE = 50_000
Lines = Iterator[tuple[str, list[str]]]


def load_table(
    source: TableSource, folder: str, columns: Columns | None = None, *, store: Store
) -> Examples:
    """A table; the classes and categories of the training file are those of the other files.

    Args:
        source: the declaration.
        folder: the folder that its paths start from.
        columns: those that a run kept; without them they are looked for in the training file.
        store: where the arrays are put.

    Raises:
        ShapeError: GC511 to GC519, naming file, line and column.
    """
    columns = columns or source.columns(folder)
    path = source.file(folder)
    train = _kept(source, store, path, columns, source.marks)
    others = {
        name: _kept(source, store, file, columns, source.steps)
        for name, file in source.further_files(folder).items()
    }
    policies = _policies(source, columns, path, train)
    fields = source.field_types(columns)
    marks = {each: train.pop(_mark(each)) for each in source.marks if each not in source.steps}
    if source.sequence is not None:
        train, marks, even = _sequences(source, path, train, marks)
        fields = source.step_types(columns, even)
        others = {
            name: _further(source, source.further_files(folder)[name], arrays, even)
            for name, arrays in others.items()
        }
    if source.split is not None and "train" not in marks[source.split]:
        message = f"no row of `{path}` says `train` in column `{source.split}`"
        raise ShapeError(message, "mark the rows to train on", "GC518", source.split)
    return Examples(
        fields,
        train,
        others.get("test"),
        columns.classes,
        others.get("validation"),
        columns,
        policies,
        _widths(source, columns),
        marks.get(source.group or ""),
        marks.get(source.split or ""),
    )


def _sequences(
    source: TableSource, path: str, arrays: Arrays, marks: Arrays
) -> tuple[Arrays, Arrays, bool]:
    """Rows by sequences and steps, what marks each sequence, and whether all are as long."""
    assert source.sequence is not None
    columns = {each: arrays[_mark(each)][:] for each in source.steps}
    steps = steps_of(path, columns[source.sequence], columns.get(source.order or ""))
    rows = {name: array[:] for name, array in arrays.items() if not name.endswith(_MARK)}
    found = steps.arranged(rows)
    if source.target_of != "step":
        found[source.target] = steps.single(source.target, rows[source.target])
    return found, {name: steps.single(name, each[:]) for name, each in marks.items()}, steps.even


def _further(source: TableSource, path: str, arrays: Arrays, even: bool) -> Arrays:
    """The sequences of a further file, which differ in length only where those of training do."""
    found, _, same = _sequences(source, path, arrays, {})
    if even and not same:
        message = f"the sequences of `{path}` differ in length, and those for training do not"
        raise ShapeError(message, "bring them to one length", "GC516")
    if same and not even:
        count, longest = found["features" if "features" in found else source.index[0]].shape[:2]
        found[LENGTH] = np.full(count, longest)
    return found


def rows_to_predict(source: TableSource, columns: Columns, path: str, lines: Lines) -> Arrays:
    """The input fields of rows that need not have a target, encoded as those of the training.

    Rows of sequences are brought together as for training.

    Raises:
        ShapeError: GC512 to GC519, naming file, line and column.
    """
    read = partial(_pieces, source, path, columns, lines, source.steps, target=False)
    found = Memory().keep(None, [], read)
    if source.sequence is None:
        return found
    steps = steps_of(
        path, found.pop(_mark(source.sequence)), found.pop(_mark(source.order or ""), None)
    )
    return steps.arranged(found)


def _policies(
    source: TableSource, columns: Columns, path: str, train: Arrays
) -> dict[str, tuple[str | None, ...]]:
    """What stands for missing numbers in `features`; each such column holds some number."""
    policies = [source.policy(each) for each in columns.numbers]
    if not any(each in MEASURED for each in policies):
        return {}
    for place, name in enumerate(columns.numbers):
        if all(np.isnan(piece[:, place]).all() for _, piece in pieces(train["features"])):
            message = f"the column `{name}` of `{path}` has no value at all"
            raise ShapeError(message, "leave it out", "GC513", name)
    others = [None] * _widths(source, columns)["features"]
    return {"features": (*(each if each in MEASURED else None for each in policies), *others)}


def _widths(source: TableSource, columns: Columns) -> dict[str, int]:
    """How many entries of `features` are categories."""
    widths = [source.values(name, each) for name, each in columns.one_hot.items()]
    return {"features": sum(widths)}


def _kept(
    source: TableSource, store: Store, path: str, columns: Columns, marks: tuple[str, ...] = ()
) -> Arrays:
    """The arrays of a file's fields, and those of the columns that say how it is split."""
    how = (source.target, source.missing, source.unknown, getattr(source, "delimiter", ""))
    key = (source.name, columns.as_dict(), *how, marks)
    return store.keep(
        key, [path], lambda: _pieces(source, path, columns, source.lines(path), marks)
    )


def _mark(column: str) -> str:
    """What the array of a column is called that says how rows are split; no field is called so."""
    return f"{column}{_MARK}"


def _pieces(
    source: TableSource,
    path: str,
    columns: Columns,
    lines: Lines,
    marks: Iterable[str] = (),
    target: bool = True,
) -> Iterator[Arrays]:
    """The arrays of so many lines at a time."""
    encoders = _encoders(source, path, columns, target)
    encoders |= {each: _marker(source, path, each) for each in marks if each != source.order}
    if source.order is not None and source.order in marks:
        encoders[source.order] = Place(path, source.order, False, _STEP)
    empty = True
    for found in _found(source, path, lines, encoders, target):
        if all(map(len, found.values())):
            empty = False
            yield _arrays(source, columns, found, marks, target)
    if empty:
        message = f"every row of `{path}` has a gap, and `missing` drops such rows"
        raise ShapeError(message, "fill them in by another policy", "GC518")


def _found(
    source: TableSource, path: str, lines: Lines, encoders: Mapping[str, Encoder], target: bool
) -> Iterator[Mapping[str, Sequence[Encoded] | np.ndarray]]:
    """What stands in the columns, encoded, so many lines at a time.

    Rows to predict on, without a target, may be those of any file.
    """
    drops = any(source.policy(each) == "drop" for each in encoders)
    header = next(lines)[1]
    require_columns(path, header, encoders)
    places = {name: header.index(name) for name in encoders}
    if isinstance(source, Parquet) and target and not drops:
        batches = parquet_batches(path)
        next(batches)
        for start, batch in batches:
            try:
                yield encode_columns(batch, places, encoders)
            except Unencoded:  # then cell by cell, to say which one it is
                yield _encoded(source, arrow_lines(start, batch), places, encoders, target)
        return
    while some := list(islice(lines, _AT_ONCE)):
        yield _encoded(source, some, places, encoders, target)


def _encoded(
    source: TableSource,
    lines: Iterable[tuple[str, list[str]]],
    places: Mapping[str, int],
    encoders: Mapping[str, Encoder],
    target: bool,
) -> dict[str, list[Encoded]]:
    """Cell by cell; lines with a gap in a column whose policy is to drop them are left out."""
    found: dict[str, list[Encoded]] = {name: [] for name in encoders}
    for place, cells in lines:
        row = {name: cells[at] for name, at in places.items()}
        if target and source.dropped(row, row):
            continue
        for name, cell in row.items():
            found[name].append(encoders[name](place, cell))
    return found


def _arrays(
    source: TableSource,
    columns: Columns,
    found: Mapping[str, Sequence[Encoded] | np.ndarray],
    marks: Iterable[str],
    target: bool,
) -> Arrays:
    """The input fields: numbers side by side, then a 0 or 1 for each category; ints alone."""
    parts = [np.array(found[name], np.float64)[:, None] for name in columns.numbers]
    for name, each in columns.one_hot.items():
        codes = np.array(found[name], np.int32)
        parts.append(np.eye(source.values(name, each))[codes])
    arrays = {"features": np.concatenate(parts, axis=1)} if parts else {}
    arrays |= {name: np.array(found[name], np.int32) for name in columns.index}
    if target:
        goal = np.array(found[source.target])
        quantity = columns.classes is None
        arrays[source.target] = goal[:, None] if quantity else goal.astype(np.int32)
    return arrays | {_mark(each): np.array(found[each]) for each in marks}


def _encoders(source: TableSource, path: str, columns: Columns, target: bool) -> dict[str, Encoder]:
    """For each column, what makes a number of a cell: (place, cell) -> number."""
    made: dict[str, Encoder] = {}
    for name in columns.numbers:
        made[name] = Number(path, name, source.policy(name) in MEASURED, _FEATURE)
    for name, known in {**columns.one_hot, **columns.index}.items():
        made[name] = _categories(source, path, name, known)
    if target and columns.classes is None:
        made[source.target] = Number(path, source.target, False, _QUANTITY)
    elif target:
        made[source.target] = _classes(path, source.target, columns.classes or ())
    return made


def _categories(source: TableSource, path: str, column: str, known: tuple[str, ...]) -> Encoder:
    codes = {category: code for code, category in enumerate(known)}
    missing = len(known) if source.policy(column) == "category" else None

    def encode(place: str, cell: str) -> int:
        if cell in codes:
            return codes[cell]
        if missing is not None and (not cell or source.unknown == "missing"):
            return missing
        if not cell:
            raise missing_value(path, place, column)
        message = f"`{path}` {place} has the category `{cell}` in column `{column}`"
        help = similar(cell, codes, "category") or f"the categories are {listing(known)}"
        raise ShapeError(f"{message}, which the training file has not", help, "GC515")

    return encode


def _classes(path: str, column: str, classes: tuple[str, ...]) -> Encoder:
    codes = {name: code for code, name in enumerate(classes)}

    def encode(place: str, cell: str) -> int:
        if cell in codes:
            return codes[cell]
        if not cell:
            raise missing_value(path, place, column)
        message = f"`{path}` {place} has the class `{cell}` in column `{column}`"
        help = f"the classes are {listing(classes)}"
        raise ShapeError(f"{message}, which the training file has not", help, "GC515")

    return encode


def _marker(source: TableSource, path: str, column: str) -> Encoder:
    """A group by its name, or the name of a split."""

    def encode(place: str, cell: str) -> str:
        if column == source.split and cell not in _SPLITS:
            message = f"`{path}` {place} has `{cell}` in column `{column}`, which is no split"
            raise ShapeError(message, f"the splits are {listing(_SPLITS)}", "GC515")
        if not cell:
            raise missing_value(path, place, column)
        return cell

    return encode
