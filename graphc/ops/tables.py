"""Reading the user's tables and npz files, as far as their fields are concerned.

Only the standard library is imported, numpy where an npz file is asked for, pyarrow for Parquet.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from graphc.core.diagnostic import listing, similar
from graphc.core.operation import ShapeError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_TRUTH = {"true": 1.0, "false": 0.0}
_GAPS = ("nan", "na", "null")
_FEW = 100


def number(text: str) -> float | None:
    """The number that a cell holds, or None."""
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def truth_or_number(text: str) -> float | None:
    """The same, with 1 for true and 0 for false."""
    return _TRUTH.get(text.lower(), number(text))


def is_gap(text: str, words: bool = True) -> bool:
    """Whether a cell holds no value; with `words`, NaN, NA and null are none either."""
    return not text or (words and text.lower() in _GAPS)


def missing_value(path: str, place: str, column: str) -> ShapeError:
    """The error of an empty cell."""
    message = f"`{path}` {place} has no value in column `{column}`"
    help = "fill it in, drop the row, or say with `missing` what becomes of it"
    return ShapeError(message, help, "GC513")


def csv_lines(path: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of a csv file, header first: its place, and as many cells as columns.

    A file that ends in `.gz` is unpacked on the way.

    Raises:
        ShapeError: GC511 where the file cannot be opened, GC516 where it is no table.
    """
    rows = 0
    try:
        with _opened(path) as file:
            reader = csv.reader(file, delimiter=DELIMITERS[delimiter], strict=True)
            header: list[str] = []
            for cells in reader:
                if not cells:
                    continue
                cells = [cell.strip() for cell in cells]
                header = header or _checked_header(path, cells)
                if len(cells) != len(header):
                    place = f"`{path}` line {reader.line_num}"
                    message = f"{place} has {len(cells)} cells, but its header {len(header)}"
                    raise ShapeError(message, code="GC516")
                yield f"line {reader.line_num}", cells
                rows += 1
    except (UnicodeDecodeError, csv.Error, EOFError, zlib.error, gzip.BadGzipFile) as error:
        unclosed = isinstance(error, csv.Error) and "unexpected end" in str(error)
        reason = "a quote is never closed" if unclosed else error
        raise ShapeError(f"`{path}` is no csv file in UTF-8: {reason}", code="GC516") from error
    except OSError as error:
        raise ShapeError(f"`{path}` cannot be read: {error.strerror}", code="GC511") from error
    _require_rows(path, rows)


def _opened(path: str) -> IO[str]:
    if path.endswith(".gz"):
        return gzip.open(path, "rt", newline="", encoding="utf-8-sig")
    return open(path, newline="", encoding="utf-8-sig")


def _require_rows(path: str, lines: int) -> None:
    """Raise ShapeError GC516 where there is no more than a header."""
    if lines < 2:
        what = "has a header but no rows" if lines else "is empty"
        raise ShapeError(f"`{path}` {what}", code="GC516")


def extra(module: str, path: str, name: str) -> Any:
    """A module that reads `path`, of an extra of graphc; raises ShapeError GC519 without it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = "pillow" if module.startswith("PIL") else module.split(".")[0]
        message = f"reading `{path}` takes the package `{package}`, which is not installed"
        help = f"install it: `pip install graphc[{name}]`"
        raise ShapeError(message, help, "GC519") from error


def parquet_lines(path: str) -> Iterator[tuple[str, list[str]]]:
    """The rows of a Parquet file as those of a csv file, the names of the columns first.

    Raises:
        ShapeError: GC516 where the file is none, GC519 where pyarrow is not installed.
    """
    batches = parquet_batches(path)
    yield "header", next(batches)
    for start, batch in batches:
        yield from arrow_lines(start, batch)


def arrow_lines(start: int, batch: Any) -> Iterator[tuple[str, list[str]]]:
    """The rows of a batch of Arrow, the first of which is row `start` of its file."""
    rows = zip(*(arrow_cells(each) for each in batch.columns), strict=True)
    return ((f"row {start + place}", list(cells)) for place, cells in enumerate(rows))


def parquet_batches(path: str) -> Iterator[Any]:
    """The names of the columns, then batches of Arrow, each with the number of its first row.

    Raises:
        ShapeError: as `parquet_lines`.
    """
    parquet = extra("pyarrow.parquet", path, "parquet")
    rows = 1
    try:
        with parquet.ParquetFile(path) as file:
            yield _checked_header(path, list(file.schema_arrow.names))
            for batch in file.iter_batches():
                yield rows, batch
                rows += batch.num_rows
    except (extra("pyarrow", path, "parquet").ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ShapeError(f"`{path}` is no Parquet file: {reason}", code="GC516") from error
    _require_rows(path, rows)


def parquet_counts(path: str, names: Iterable[str]) -> Iterator[dict[str, dict[str, int]]]:
    """For each part of a Parquet file, how often each cell stands in these columns."""
    batches = parquet_batches(path)
    header = next(batches)
    places = {name: header.index(name) for name in names}
    for _, batch in batches:
        for part in (batch.slice(0, _FEW), batch.slice(_FEW)):  # a few may be enough
            yield {name: _counted(part.column(place)) for name, place in places.items()}


def _counted(column: Any) -> dict[str, int]:
    values, counts = column.value_counts().flatten()
    return dict(zip(arrow_cells(values), counts.to_pylist(), strict=True))


def arrow_cells(column: Any) -> list[str]:
    """The values of a column of Arrow as a csv file has them; digits are exact."""
    return ["" if each is None else str(each) for each in column.to_pylist()]


def require_columns(path: str, header: list[str], names: Iterable[str]) -> None:
    """Raise ShapeError GC512 for the first of `names` that is no column."""
    for each in names:
        if each not in header:
            help = similar(each, header, "column") or f"its columns are {listing(header)}"
            raise ShapeError(f"`{path}` has no column `{each}`", help, "GC512", each)


def _checked_header(path: str, header: list[str]) -> list[str]:
    twice = next((each for each in header if each and header.count(each) > 1), None)
    if twice is not None:
        raise ShapeError(f"`{path}` has two columns `{twice}`", "rename one of them", "GC516")
    return header


def npz_headers(path: str, names: tuple[str, ...]) -> dict[str, tuple[tuple[int, ...], str]]:
    """The shape and the dtype's name of arrays of an npz file, read from their headers.

    Raises:
        ShapeError: GC512 for an array that is not there, GC516 where they are no table of numbers.
    """
    found = npz_shapes(path, names)
    counts = {name: shape[0] if shape else 0 for name, (shape, _) in found.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        each = ", ".join(f"`{name}` has {count}" for name, count in counts.items())
        message = f"the arrays of `{path}` must hold equally many examples, at least one: {each}"
        raise ShapeError(message, code="GC516")
    return found


def npz_shapes(path: str, names: tuple[str, ...]) -> dict[str, tuple[tuple[int, ...], str]]:
    """The same for arrays that may be of any length; raises as `npz_headers` does."""
    return {name: (shape, dtype.name) for name, shape, dtype in _headers(path, names)}


def npz_names(path: str) -> tuple[str, ...]:
    """The names of the arrays of an npz file; raises ShapeError GC516 where it is none."""
    import zipfile

    with _reading_npz(path), zipfile.ZipFile(path) as archive:
        return tuple(each.removesuffix(".npy") for each in archive.namelist())


def npz_arrays(path: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The arrays themselves; raises as `npz_headers` does."""
    import numpy

    with _reading_npz(path), numpy.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in names}


def require_lengths(path: str, name: str, steps: int) -> None:
    """Raise ShapeError GC515 or GC516 unless an array holds integers from 1 to `steps`."""
    lengths = npz_arrays(path, (name,))[name]
    what = f"the array `{name}` of `{path}`"
    if lengths.dtype.kind not in "iu":
        raise ShapeError(f"{what} holds {lengths.dtype}, and lengths are integers", code="GC516")
    wrong = (lengths < 1) | (lengths > steps)
    if wrong.any():
        first = int(wrong.argmax())
        message = f"{what} gives example {first + 1} the length {lengths[first]}, and there are 1"
        message += f" to {steps} steps"
        help = "the length of an example is the number of its steps before the padding"
        raise ShapeError(message, help, "GC515", name)


def npz_present(path: str, name: str, lengths: str) -> Any:
    """The steps of sequences [examples, time, ...] that are there, by an array of their lengths."""
    import numpy

    found = npz_arrays(path, (name, lengths))
    array = found[name]
    return array[numpy.arange(array.shape[1]) < found[lengths][:, None]]


def _headers(path: str, names: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    import zipfile

    from numpy.lib import format

    readers = {(1, 0): format.read_array_header_1_0, (2, 0): format.read_array_header_2_0}
    with _reading_npz(path), zipfile.ZipFile(path) as archive:
        known = [each.removesuffix(".npy") for each in archive.namelist()]
        for name in names:
            if name not in known:
                help = similar(name, known, "array") or f"its arrays are {listing(known)}"
                raise ShapeError(f"`{path}` has no array `{name}`", help, "GC512", name)
            with archive.open(f"{name}.npy") as file:
                shape, _, dtype = readers[format.read_magic(file)](file)
            if dtype.kind not in "biuf":
                message = f"the array `{name}` of `{path}` holds {dtype.name}, not numbers"
                raise ShapeError(message, "save it as an array of numbers", "GC516")
            yield name, shape, dtype


@contextmanager
def _reading_npz(path: str) -> Iterator[None]:
    """What zipfile and numpy raise on a damaged file, as GC516."""
    import zipfile
    import zlib

    damage = (OSError, EOFError, ValueError, KeyError, RuntimeError)
    try:
        yield
    except (*damage, zipfile.BadZipFile, zlib.error) as error:
        raise ShapeError(f"`{path}` is no npz file of numpy: {error}", code="GC516") from error
