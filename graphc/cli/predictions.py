"""Files of examples that are predicted on, and the files of what comes out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphc.cli.common import put, write_bytes
from graphc.compiler import check
from graphc.core.diagnostic import Diagnostic, RunError, listing
from graphc.core.operation import ShapeError
from graphc.ops.sources import Csv
from graphc.ops.tables import csv_lines, require_columns
from graphc.runtime.files import printable

if TYPE_CHECKING:
    from graphc.api import Run

ENDINGS = (".npz", ".npy", ".json", ".csv")


def read_inputs(file: str, run: Run) -> np.ndarray | dict[str, np.ndarray]:
    """The examples of a file, as `Run.predict` takes them.

    Raises:
        RunError: GC614 where they cannot be read.
    """
    ending = ".json" if file == "-" else Path(file).suffix.lower()
    if ending not in ENDINGS:
        raise _fail(f"`{file}` has no known ending", f"the endings are {listing(ENDINGS)}")
    try:
        return _numbers(_read(file, ending, run))
    except ShapeError as error:
        raise _fail(error.message, error.help) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _fail(f"`{file}` cannot be read: {reason}") from None
    except (ValueError, EOFError) as error:
        name = "standard input" if file == "-" else f"`{file}`"
        raise _fail(f"{name} is no {ending[1:]} of examples: {error}") from None


def _read(file: str, ending: str, run: Run) -> Any:
    if ending == ".json":
        return _from_json(sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))
    if ending == ".csv":
        return _from_csv(Path(file), run)
    found = np.load(file, allow_pickle=False)
    return dict(found) if ending == ".npz" else found


def _numbers(found: Any) -> Any:
    """The same, if it is arrays of numbers."""
    for each in found.values() if isinstance(found, dict) else [found]:
        if each.dtype.kind not in "biuf":
            raise ValueError("it holds more than numbers")
    return found


def _fail(message: str, help: str | None = None) -> RunError:
    return RunError(Diagnostic("GC614", message, help=help))


def _from_json(text: str) -> np.ndarray | dict[str, np.ndarray]:
    value = json.loads(text)
    if isinstance(value, dict):
        return {name: np.asarray(each) for name, each in value.items()}
    return np.asarray(value)


def _from_csv(path: Path, run: Run) -> np.ndarray:
    """The columns that the run learnt from; where its data has no columns, all of them."""
    dataset, source = run.dataset(), run.document().data
    names = [name for name in dataset.fields if name != dataset.target]
    if len(names) != 1:
        raise _fail("a csv file gives one field, and the data has several", listing(names))
    own = source if isinstance(source, Csv) else None
    lines = csv_lines(str(path), own.delimiter if own else "comma")
    header = next(lines)[1]
    wanted = own.columns(run.document().folder).features if own else tuple(header)
    require_columns(str(path), header, wanted)
    places = [header.index(name) for name in wanted]
    values = np.asarray([[float(row[place]) for place in places] for _, row in lines])
    shape = dataset.fields[names[0]].shape
    fits = values.ndim == 2 and values.shape[1] == np.prod(shape, dtype=int)
    return values.reshape(-1, *shape) if fits else values


def write_outputs(outputs: Any, run: Run, form: str, output: str | None) -> None:
    """Write what a network gave, in one of the formats."""
    several = isinstance(outputs, tuple)
    named = dict(zip(_ports(run), outputs, strict=True)) if several else {"output": outputs}
    arrays = {name: np.asarray(each) for name, each in named.items()}
    if form == "npz":
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        write_bytes(buffer.getvalue(), output)
    elif form == "csv":
        put(_as_csv(arrays), output)
    else:
        lists = {name: each.tolist() for name, each in arrays.items()}
        put(json.dumps(printable(lists if several else lists["output"])) + "\n", output)


def _ports(run: Run) -> list[str]:
    """The names of the trained network's outputs."""
    checked = check(run.document().source)
    assert checked.plan is not None
    return [port for port, _ in checked.networks[checked.plan.network].outputs]


def _as_csv(arrays: Mapping[str, np.ndarray]) -> str:
    """A row for each example, a column for each number: `output_0`, `output_1`, ..."""
    tables = {name: each.reshape(len(each), -1) for name, each in arrays.items()}
    header = [
        name if table.shape[1] == 1 else f"{name}_{i}"
        for name, table in tables.items()
        for i in range(table.shape[1])
    ]
    rows = zip(*(table.tolist() for table in tables.values()), strict=True)
    lines = [",".join(str(value) for part in row for value in part) for row in rows]
    return "\n".join([",".join(header), *lines]) + "\n"
