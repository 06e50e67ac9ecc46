"""The columns of a file of edges: the two ends of each, and what the edges hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.core.types import BATCH, EDGES, Type
from graphc.ops.sources.table import FEATURES
from graphc.ops.tables import csv_lines, require_columns, truth_or_number

OF_AN_EDGE = Type((), domain=(BATCH, EDGES))
"""What a column of numbers gives each edge."""
REPEATED = ("refuse", "sum", "mean", "first")
"""What may become of an edge that is there several times with different values."""
_EDGES = "edges"


@dataclass(frozen=True)
class EdgeColumns:
    """What the columns of a file of edges are for.

    Args:
        path: where it is.
        ends: the columns that name the two nodes.
        values: those that are a field, a number for each edge.
    """

    path: str
    ends: tuple[str, ...]
    values: tuple[str, ...]

    def places(self, header: list[str], names: Iterable[str]) -> list[int]:
        """Where columns stand in a line."""
        return [header.index(each) for each in names]


def no_ends(ends: tuple[str, ...]) -> str | None:
    """What is wrong with the columns told for the ends of edges, if anything is."""
    if len(ends) in (0, 2):
        return None
    return f"`ends` names the two columns of the ends of edges, not {len(ends)}"


def edge_columns(
    path: str,
    delimiter: str,
    ends: tuple[str, ...],
    values: tuple[str, ...] | None,
    taken: Iterable[str],
    word: str = "node",
) -> EdgeColumns:
    """The columns of a file of edges.

    Args:
        ends: those that name the two nodes; the first two where none are given.
        values: those that are fields; None for all others in which every cell is a number.
        taken: the names of other fields.
        word: what nodes are called, for messages.

    Raises:
        ShapeError: GC511 where the file cannot be read, GC512 for columns that are missing or have
            a name that is taken, GC516 where it is no table of two columns.
    """
    lines = csv_lines(path, delimiter)
    header = next(lines)[1]
    if len(header) < 2:
        message = f"`{path}` has one column, and an edge joins two {word}s"
        raise ShapeError(message, "is `delimiter` right?", "GC516", path)
    ends = ends or tuple(header[:2])
    require_columns(path, header, (*ends, *(values or ())))
    others = [name for name in header if name and name not in ends]
    if values is None:
        values = tuple(_of_numbers(lines, header, others)) if others else ()
    for name in values:
        if name in (*taken, FEATURES, _EDGES):
            message = (
                f"the column `{name}` of `{path}` would be a field called `{name}`, as another"
            )
            help = "rename it, or list the columns to take in `edge_features`"
            raise ShapeError(f"{message} is", help, "GC512")
        if name in ends:
            message = f"the column `{name}` names an end of edges, and is one of `edge_features`"
            raise ShapeError(message, f"leave it out: {listing(others)} are left", "GC512", name)
    return EdgeColumns(path, ends, values)


def _of_numbers(lines, header: list[str], names: list[str]) -> list[str]:
    """Those of the columns in which every cell is a number, or true or false."""
    left = {name: header.index(name) for name in names}
    for _, cells in lines:
        left = {name: at for name, at in left.items() if truth_or_number(cells[at]) is not None}
        if not left:
            break
    return list(left)
