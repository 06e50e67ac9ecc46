"""Files of examples that are predicted on, and the files of what comes out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphc.cli.common import put, write_bytes
from graphc.cli.pictures import is_pictures, read_pictures
from graphc.core.diagnostic import Diagnostic, RunError, listing
from graphc.core.operation import ShapeError
from graphc.core.types import are_lengths, lengths_over
from graphc.data.dataset import Form
from graphc.data.graph_files import graph_to_predict
from graphc.data.graph_npz import npz_to_predict
from graphc.data.grid import picture_of_values
from graphc.data.lengths import lengths_of
from graphc.data.series_files import windows_to_predict
from graphc.data.tables import rows_to_predict
from graphc.ops.sources import Csv, GraphFiles, GraphSource, SeriesFiles, TableSource, TextSource
from graphc.ops.tables import csv_lines, parquet_lines
from graphc.runtime.files import printable

if TYPE_CHECKING:
    from graphc.api import Run

ENDINGS = (".npz", ".npy", ".json", ".csv", ".parquet", ".txt")


def read_inputs(
    file: str, run: Run, edges: str | None = None
) -> np.ndarray | dict[str, np.ndarray]:
    """The examples of a file, as `Run.predict` takes them.

    Args:
        file: its name.
        run: what predicts.
        edges: the file of the edges, where the examples are the nodes of a graph.

    Raises:
        RunError: GC614 where they cannot be read.
    """
    ending = ".json" if file == "-" else Path(file).suffix.lower()
    if edges is not None and not isinstance(run.document().data, GraphFiles):
        raise _fail("`--edges` is for runs that learnt from a graph in csv files")
    if is_pictures(file):
        return _pictures(file, run)
    if ending not in ENDINGS:
        raise _fail(
            f"`{file}` has no known ending",
            f"the endings are {listing(ENDINGS)}, or those of images",
        )
    try:
        return _numbers(_read(file, ending, run, edges))
    except ShapeError as error:
        raise _fail(error.message, error.help) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _fail(f"`{file}` cannot be read: {reason}") from None
    except (ValueError, EOFError) as error:
        name = "standard input" if file == "-" else f"`{file}`"
        reason = "it holds no arrays of numbers" if "allow_pickle" in str(error) else error
        raise _fail(f"{name} is no {ending[1:]} of examples: {reason}") from None


def _read(file: str, ending: str, run: Run, edges: str | None) -> Any:
    source = run.document().data
    if isinstance(source, GraphFiles) and ending == ".csv":
        return _from_nodes(file, run, source, edges)
    if ending == ".json":
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        return _from_json(text, file, run)
    if ending in (".csv", ".parquet"):
        return _from_table(file, ending, run)
    if ending == ".txt":
        return _from_text(file, run)
    found = np.load(file, allow_pickle=False)
    if ending == ".npy":
        return found
    if isinstance(source, GraphSource) and "pairs" not in found:
        return npz_to_predict(source, found)
    known = getattr(source, "lengths_by_axis", {}).items()  # as the data itself calls them
    names = {name: lengths_over(axis) for axis, name in known} | getattr(source, "beside", {})
    return {names.get(name, name): each for name, each in found.items()}


def _pictures(file: str, run: Run) -> np.ndarray:
    try:
        return read_pictures(file, run)
    except ShapeError as error:
        raise _fail(error.message, error.help) from None


def _numbers(found: Any) -> Any:
    """The same, if it is arrays of numbers."""
    for several in found.values() if isinstance(found, dict) else [found]:
        for each in several if isinstance(several, list) else [several]:
            if each.dtype.kind not in "biuf":
                raise ValueError("it holds more than numbers")
    return found


def _fail(message: str, help: str | None = None) -> RunError:
    return RunError(Diagnostic("GC614", message, help=help))


def _from_json(text: str, file: str, run: Run) -> Any:
    value = json.loads(text)
    if isinstance(value, dict):
        return {name: _array(each) for name, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return _from_records(value, file, run)
    return _array(value)


def _array(value: Any) -> Any:
    """An array of lists, or several of lists that differ in their length."""
    try:
        return np.asarray(value)
    except ValueError:
        return [np.asarray(each) for each in value]


def _from_records(records: list[dict[str, Any]], file: str, run: Run) -> dict[str, np.ndarray]:
    """Rows of a table as mappings of columns to values, null for a missing one."""
    source, columns = run.document().data, run.form().columns
    if not isinstance(source, TableSource) or columns is None:
        raise _fail("a list of mappings is rows of a table, and the data is none")

    def lines() -> Iterator[tuple[str, list[str]]]:
        names = list(records[0])
        yield "header", names
        for number, each in enumerate(records, 1):
            yield f"row {number}", [_cell(each.get(name)) for name in names]

    name = "standard input" if file == "-" else file
    return rows_to_predict(source, columns, name, lines())


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _from_text(file: str, run: Run) -> np.ndarray:
    """A text as a single sequence, int32 [1, symbols]."""
    if not isinstance(run.document().data, TextSource):
        raise _fail("a `.txt` is for runs that learnt from a text", "take an `.npz` or a `.csv`")
    return run.vocabulary.encode(Path(file).read_text("utf-8-sig"))[None]


def _from_nodes(file: str, run: Run, source: GraphFiles, edges: str | None) -> Any:
    """A graph in two csv files."""
    columns = run.form().columns
    if edges is None:
        raise _fail("the edges of the graph are missing", "name their file: `--edges FILE`")
    if columns is None:
        raise _fail("the run does not know its columns", "it is of an earlier graphc: train again")
    return graph_to_predict(source, columns, file, edges)


def _from_table(file: str, ending: str, run: Run) -> Any:
    """The columns that the run learnt from; where its data has no columns, all of them."""
    form, source = run.form(), run.document().data
    if isinstance(source, SeriesFiles) and ending == ".csv":
        return windows_to_predict(source, form.nodes, file)
    delimiter = source.delimiter if isinstance(source, Csv) else "comma"
    lines = parquet_lines(file) if ending == ".parquet" else csv_lines(file, delimiter)
    if isinstance(source, TableSource):
        columns = form.columns or source.columns(run.document().folder)
        return rows_to_predict(source, columns, file, lines)
    names = list(form.inputs)
    if len(names) != 1:
        raise _fail("a table gives one field, and the data has several", listing(names))
    next(lines)
    values = np.asarray([[float(cell) for cell in row] for _, row in lines])
    shape = form.fields[names[0]].shape
    fits = values.ndim == 2 and values.shape[1] == np.prod(shape, dtype=int)
    return values.reshape(-1, *shape) if fits else values


def given_lengths(inputs: Any, run: Run) -> dict[str, np.ndarray]:
    """How many steps each example has, where they differ, by what their lengths are called."""
    wanted = run.form().inputs
    fields = inputs if isinstance(inputs, dict) else dict.fromkeys(wanted, inputs)
    found = {name: each for name, each in fields.items() if are_lengths(name)}
    for name, kind in wanted.items():
        word = lengths_of(kind)
        if word is not None and isinstance(fields.get(name), list):
            found[word] = np.array([len(each) for each in fields[name]])
    return found


def write_outputs(
    outputs: Any, run: Run, form: str, output: str | None, lengths: Mapping[str, np.ndarray]
) -> None:
    """Write what a network gave, in one of the formats; of steps, those that are there.

    Args:
        lengths: those of the examples, as `given_lengths` has them.
    """
    several, data = isinstance(outputs, tuple), run.form()
    # A single output has steps where the target has; so the data itself is not asked for.
    kinds = run.outputs if several else {"output": data.fields[data.target]}
    arrays = {
        name: np.asarray(each)
        for name, each in zip(kinds, outputs if several else (outputs,), strict=True)
    }
    named = {name: lengths_of(kind) for name, kind in kinds.items()}
    ends = {name: lengths[word] for name, word in named.items() if word in lengths}
    if form == "png" or Path(output or "").suffix.lower() == ".png":
        write_bytes(_grid(arrays, data), output)
        return
    if form == "npz":
        buffer = io.BytesIO()
        length = {"length": next(iter(ends.values()))} if ends else {}
        np.savez(buffer, **arrays | length)  # type: ignore[arg-type]
        write_bytes(buffer.getvalue(), output)
        return
    rows = {name: _rows(each, ends.get(name)) for name, each in arrays.items()}
    if form == "csv":
        put(_as_csv(arrays, rows), output)
    else:
        lists = {name: [each.tolist() for each in each_row] for name, each_row in rows.items()}
        put(json.dumps(printable(lists if several else lists["output"])) + "\n", output)


def _grid(arrays: Mapping[str, np.ndarray], data: Form) -> bytes:
    """The grid of images that the only output is."""
    if len(arrays) == 1 and (drawn := picture_of_values(*arrays.values(), data)) is not None:
        return drawn
    found = listing(f"{name} {list(each.shape[1:])}" for name, each in arrays.items())
    message = f"a picture is of values [height, width, 1 or 3], and this is {found}"
    raise _fail(message, "take another format")


def _rows(array: np.ndarray, ends: np.ndarray | None) -> list[np.ndarray]:
    """What the network gave for each example."""
    return (
        list(array) if ends is None else [each[:end] for each, end in zip(array, ends, strict=True)]
    )


def _as_csv(arrays: Mapping[str, np.ndarray], rows: Mapping[str, list[np.ndarray]]) -> str:
    """A row for each example, a column for each number: `output_0`, `output_1`, ...

    Cells of steps that an example does not have are empty.
    """
    sizes = {name: int(np.prod(each.shape[1:])) for name, each in arrays.items()}
    header = [
        name if size == 1 else f"{name}_{i}" for name, size in sizes.items() for i in range(size)
    ]
    lines = [",".join(header)]
    for parts in zip(*rows.values(), strict=True):
        cells = []
        for size, part in zip(sizes.values(), parts, strict=True):
            cells += [*map(str, part.ravel().tolist()), *[""] * (size - part.size)]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
