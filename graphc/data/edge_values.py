"""What the edges of a graph hold, in the order in which the edges come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import Type, edges_axis
from graphc.data.dataset import Dataset
from graphc.data.examples import require_finite
from graphc.ops.sources import GraphFiles
from graphc.ops.sources.edge_columns import EdgeColumns
from graphc.ops.sources.graph_files import number_of
from graphc.ops.tables import csv_lines

JOINED = {"sum": "repeated_sum", "mean": "repeated_mean", "first": "repeated_first"}
"""What counts of edges that were there already are called, where their values were joined."""


class Differ(Exception):
    """An edge is there twice with different values.

    Args:
        lines: where in the list.
        values: the two.
    """

    def __init__(self, lines: tuple[int, int], values: tuple[float, float]) -> None:
        super().__init__(lines, values)
        self.lines, self.values = lines, values


def values_of_edges(
    edges: np.ndarray,
    pairs: np.ndarray,
    values: np.ndarray,
    *,
    directed: bool = False,
    repeated: str = "refuse",
) -> np.ndarray:
    """For each edge the value of the pair of nodes that it came from: float32 [edges, ...].

    Args:
        edges: int [2, edges], senders and receivers, as `both_ways` or `one_way` gave them.
        pairs: int [2, any], what they were given.
        values: [any, ...], a value for each pair.
        directed: whether a pair is another one the other way round.
        repeated: `sum`, `mean` or `first` of the values of a pair that is there several times.

    Raises:
        Differ: where such values differ, and `repeated` is `refuse`.

    Example:
        >>> edges = np.array([[1, 0], [0, 1]])
        >>> values_of_edges(edges, np.array([[0], [1]]), np.array([3.0])).tolist()
        [3.0, 3.0]
    """
    count = int(max(edges.max(initial=0), pairs.max(initial=0))) + 1
    known, first, place = np.unique(
        _keys(pairs, count, directed), return_index=True, return_inverse=True
    )
    joined = values[first].astype(np.float64)
    if repeated == "refuse":
        _require_equal(pairs, values, first[place])
    elif repeated != "first":
        joined = np.zeros_like(joined)
        np.add.at(joined, place, values)
    if repeated == "mean":
        shares = np.bincount(place).reshape(-1, *(1,) * (values.ndim - 1))
        joined /= shares
    wanted = np.searchsorted(known, _keys(edges, count, directed))
    return joined[wanted].astype(np.float32)


def _keys(pairs: np.ndarray, count: int, directed: bool) -> np.ndarray:
    """A number for each pair of nodes, of which there are `count`."""
    one, other = pairs.astype(np.int64) if directed else np.sort(pairs.astype(np.int64), axis=0)
    return one * count + other


def _require_equal(pairs: np.ndarray, values: np.ndarray, first: np.ndarray) -> None:
    """Raise Differ where the value of a pair is not that of the `first` that is the same."""
    differ = (values != values[first]).reshape(len(values), -1).any(axis=1)
    differ &= pairs[0] != pairs[1]  # an edge of a node with itself is left out
    if differ.any():
        place = int(differ.argmax())
        own, other = (np.ravel(values[at]) for at in (place, first[place]))
        which = int((own != other).argmax())
        raise Differ((place, int(first[place])), (float(own[which]), float(other[which])))


def read_values(
    source: GraphFiles, columns: EdgeColumns, edges: np.ndarray, pairs: np.ndarray
) -> dict[str, np.ndarray]:
    """The fields of a file of edges: float32 [edges] each.

    Raises:
        ShapeError: GC513 for cells that are no numbers, GC516 for an edge with two values.
        RunError: GC514 for numbers that are not finite.
    """
    if not columns.values:
        return {}
    lines = csv_lines(columns.path, source.delimiter)
    header = next(lines)[1]
    places = columns.places(header, columns.values)
    rows = [
        (line, [number_of(columns.path, line, header[at], cells[at]) for at in places])
        for line, cells in lines
    ]
    values = np.array([row for _, row in rows], np.float64)
    found = {}
    for name, column in zip(columns.values, values.T, strict=True):
        require_finite(f"`{name}` of `{columns.path}`", column)
        try:
            found[name] = values_of_edges(
                edges, pairs, column, directed=source.directed, repeated=source.repeated
            )
        except Differ as error:
            here, before = (rows[at][0] for at in error.lines)
            one, other = error.values
            message = f"`{columns.path}` {here} has the `{name}` {one:g}, and the same edge on"
            help = "say what becomes of them: `repeated: sum`, `mean` or `first`; or leave the"
            help += " column out of `edge_features`"
            raise ShapeError(f"{message} {before} {other:g}", help, "GC516", name) from None
    return found


def told(left_out: Mapping[str, int], source: GraphFiles, values: Iterable[str]) -> dict[str, int]:
    """The counts of edges that were left out, of which it is told what became of their values."""
    word = JOINED.get(source.repeated, "repeated") if any(values) else "repeated"
    return {word if reason == "repeated" else reason: n for reason, n in left_out.items()}


def over_edges(fields: Mapping[str, Type]) -> list[str]:
    """The fields that are a value for each edge, other than the ends of edges."""
    return [name for name, kind in fields.items() if edges_axis(kind) and ":" not in name]


def read_by(dataset: Dataset, names: Iterable[str]) -> Dataset:
    """The data without what edges hold and no input reads."""
    unread = set(over_edges(dataset.fields)) - set(names)
    if not unread:
        return dataset
    splits = {
        split: {name: each for name, each in arrays.items() if name not in unread}
        for split, arrays in dataset.splits.items()
    }
    fields = {name: kind for name, kind in dataset.fields.items() if name not in unread}
    return replace(dataset, splits=splits, fields=fields)


def padded(several: Sequence[np.ndarray]) -> np.ndarray:
    """What the edges of several graphs hold, as one array [graphs, most, ...].

    Behind the edges of a graph its last value is repeated, so that nothing is worked out there that
    could not be at an edge; 0 where a graph has none.
    """
    most = max(map(len, several))
    found = np.zeros((len(several), most, *several[0].shape[1:]), several[0].dtype)
    for row, each in zip(found, several, strict=True):
        row[: len(each)] = each
        row[len(each) :] = each[-1:]
    return found
