"""A graph in two csv files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphc.core.diagnostic import listing, similar
from graphc.core.operation import ShapeError
from graphc.data.dataset import SPLITS, Dataset
from graphc.data.edge_values import read_values, told
from graphc.data.graph_npz import scaled, scaling_of
from graphc.data.graphs import DataGraph, both_ways, one_way
from graphc.data.splits import split_indices
from graphc.ops.sources import Columns, GraphFiles
from graphc.ops.sources.edge_columns import EdgeColumns, edge_columns
from graphc.ops.sources.graph_files import NodeTable, number_of
from graphc.ops.tables import csv_lines


def load_graph(source: GraphFiles, folder: str) -> Dataset:
    """The graph of two csv files.

    Raises:
        ShapeError: GC511 to GC518, naming file, line and column.
        RunError: GC517 and GC518 for splits.
    """
    table = source.table(folder)
    assert source.target is not None
    classes = {name: number for number, name in enumerate(table.classes)}
    target = np.array([classes.get(row[source.target], -1) for _, row in table.rows], np.int32)
    columns = source.columns(folder)
    pairs = pairs_of(source, columns, table)
    edges, left_out = one_way(pairs) if source.directed else both_ways(pairs)
    at_edges = read_values(source, columns, edges, pairs)
    features = features_of(table)
    scaling = scaling_of(features, source.normalize)
    return DataGraph(
        features=scaled(features, scaling),
        target=np.maximum(target, 0),
        edges=edges,
        counted=_counted(source, table, target),
        class_names=table.classes,
        left_out=told(left_out, source, at_edges),
        directed=source.directed,
        at_edges=at_edges,
        scaling=scaling,
        names=tuple(row[table.id] for _, row in table.rows),
        columns=Columns(table.numbers, {}, {}, table.classes),
    ).dataset(source, folder)


def features_of(table: NodeTable) -> np.ndarray:
    """The features of the nodes as they are in the file, float64 [nodes, n]."""
    rows = [
        [number_of(table.path, place, name, row[name]) for name in table.numbers]
        for place, row in table.rows
    ]
    return np.array(rows, np.float64)


def graph_to_predict(
    source: GraphFiles, columns: Columns, nodes: str, edges: str
) -> dict[str, np.ndarray]:
    """The nodes and the edges of another graph, in files like those that were learned from.

    Raises:
        ShapeError: GC511 to GC516, naming file, line and column.
    """
    table = source.nodes_to_predict(nodes, columns.numbers)
    ends = edge_columns(edges, source.delimiter, source.ends, (), ())
    return {"features": features_of(table)[None], "edges": pairs_of(source, ends, table)}


def pairs_of(source: GraphFiles, columns: EdgeColumns, table: NodeTable) -> np.ndarray:
    """The two nodes of each edge, by their numbers: int [2, lines]; raises as `pairs_by_name`."""
    numbers = {row[table.id]: number for number, (_, row) in enumerate(table.rows)}
    return pairs_by_name(columns, source.delimiter, numbers, "node", table.path)


def pairs_by_name(
    columns: EdgeColumns, delimiter: str, numbers: Mapping[str, int], word: str, owner: str
) -> np.ndarray:
    """The two nodes of each edge, by their numbers: int [2, lines].

    Args:
        columns: of the file of the edges.
        delimiter: what stands between its cells.
        numbers: the nodes by their names.
        word: what they are called, for messages.
        owner: the file that names them, for messages.

    Raises:
        ShapeError: GC513 to GC516.
    """
    path = columns.path
    lines = csv_lines(path, delimiter)
    places = columns.places(next(lines)[1], columns.ends)
    found: list[list[int]] = []
    for place, cells in lines:
        names = [cells[at] for at in places]
        if "" in names:
            column = columns.ends[names.index("")]
            message = f"`{path}` {place} names no {word} in column `{column}`"
            raise ShapeError(message, f"an edge joins two {word}s", "GC513")
        missing = next((name for name in names if name not in numbers), None)
        if missing is not None:
            message = f"`{path}` {place} names the {word} `{missing}`, which `{owner}` lacks"
            help = similar(missing, numbers, word) or f"add the {word}, or remove the edge"
            raise ShapeError(message, help, "GC515")
        found.append([numbers[name] for name in names])
    return np.array(found, np.int64).T


def _counted(source: GraphFiles, table: NodeTable, target: np.ndarray) -> dict[str, np.ndarray]:
    """The nodes that count in each split."""
    if source.split is not None:
        return _as_marked(source, table, target)
    (known,) = np.nonzero(target >= 0)
    labels = target[known]
    sizes = source.sizes(len(known), len(table.classes))
    shares = split_indices(len(known), sizes, labels, source.split_seed, table.classes)
    return {split: np.isin(np.arange(len(target)), known[rows]) for split, rows in shares.items()}


def _as_marked(source: GraphFiles, table: NodeTable, target: np.ndarray) -> dict[str, np.ndarray]:
    marks = np.array([row[source.split or ""] for _, row in table.rows])
    for number, (place, _) in enumerate(table.rows):
        where = f"`{table.path}` {place}"
        if marks[number] and marks[number] not in SPLITS:
            message = f"{where} has `{marks[number]}` in column `{source.split}`, which is no split"
            raise ShapeError(message, f"the splits are {listing(SPLITS)}", "GC515")
        if marks[number] and target[number] < 0:
            message = f"{where} is for the {marks[number]} split, but has no `{source.target}`"
            raise ShapeError(message, "fill it in, or leave the split of the node empty", "GC513")
    found = {split: marks == split for split in SPLITS if (marks == split).any()}
    if "train" not in found:
        message = f"no node of `{table.path}` says `train` in column `{source.split}`"
        raise ShapeError(message, "mark the nodes to learn from", "GC518", source.split)
    return found
