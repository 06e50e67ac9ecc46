"""Files of pairs of nodes that are scored, and the files of their scores."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphc.cli.common import put, write_bytes
from graphc.core.diagnostic import Diagnostic, RunError, similar
from graphc.core.operation import ShapeError
from graphc.data.links import names_of_nodes
from graphc.ops.sources import GraphFiles, Links
from graphc.ops.tables import csv_lines, parquet_lines, require_columns
from graphc.runtime.files import printable

if TYPE_CHECKING:
    from graphc.api import Run

SCORE = "score"


@dataclass(frozen=True)
class Pairs:
    """The pairs of a file.

    Attributes:
        columns: what the two columns are called.
        names: the two nodes of each pair as the file names them.
        ends: their numbers, int [pairs, 2].
    """

    columns: tuple[str, str]
    names: list[tuple[str, str]]
    ends: np.ndarray


def is_pairs(file: str, run: Run) -> bool:
    """Whether a file is a table of pairs for a run that learnt links."""
    table = Path(file).suffix.lower() in (".csv", ".parquet")
    return table and isinstance(run.document().data, Links)


def read_pairs(file: str, run: Run) -> Pairs:
    """The pairs of a table: its first two columns, or those that `ends` of the graph names.

    Raises:
        RunError: GC614 where it cannot be read, or names a node that the graph does not have.
    """
    document = run.document()
    source = document.data
    assert isinstance(source, Links)
    try:
        files = source.of if isinstance(source.of, GraphFiles) else None
        parquet = Path(file).suffix.lower() == ".parquet"
        lines = parquet_lines(file) if parquet else csv_lines(file, _delimiter(files))
        header = next(lines)[1]
        if len(header) < 2:
            message = f"`{file}` has one column, and a pair is two nodes"
            raise ShapeError(message, "is the delimiter that of the graph's files?")
        given = files.ends if files is not None else ()
        columns = given if given and set(given) <= set(header) else tuple(header[:2])
        require_columns(file, header, columns)
        numbers = names_of_nodes(source, document.folder)
        first, second = map(header.index, columns)
        found = [(place, (cells[first], cells[second])) for place, cells in lines]
        ends = [[_number(file, place, name, numbers) for name in pair] for place, pair in found]
    except ShapeError as error:
        raise RunError(Diagnostic("GC614", error.message, help=error.help)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunError(Diagnostic("GC614", f"`{file}` cannot be read: {reason}")) from None
    array = np.array(ends, np.int64).reshape(-1, 2)
    return Pairs((columns[0], columns[1]), [pair for _, pair in found], array)


def _delimiter(files: GraphFiles | None) -> str:
    return "comma" if files is None else files.delimiter


def _number(file: str, place: str, name: str, numbers: Mapping[str, int] | None) -> int:
    """The number of a node; raises ShapeError where there is none of this name."""
    if numbers is not None and name in numbers:
        return numbers[name]
    if numbers is None and name.strip().isdecimal():
        return int(name)
    message = f"`{file}` {place} names the node `{name}`"
    if numbers is None:
        raise ShapeError(f"{message}, and the nodes have numbers, counted from 0")
    raise ShapeError(f"{message}, which the graph lacks", similar(name, numbers, "node"))


def write_scores(pairs: Pairs, scores: Iterable[float], form: str, output: str | None) -> None:
    """Write the pairs and what the network says of each, in one of the formats."""
    several = list(map(float, scores))
    if form == "npz":
        buffer = io.BytesIO()
        np.savez(buffer, ends=pairs.ends, score=np.array(several, np.float32))
        write_bytes(buffer.getvalue(), output)
    elif form == "csv":
        rows = (
            ",".join([*names, str(score)])
            for names, score in zip(pairs.names, several, strict=True)
        )
        put("\n".join([",".join([*pairs.columns, SCORE]), *rows]) + "\n", output)
    else:
        first, second = pairs.columns
        rows = [
            {first: one, second: other, SCORE: score}
            for (one, other), score in zip(pairs.names, several, strict=True)
        ]
        put(json.dumps(printable(rows)) + "\n", output)
