"""A graph in two csv files: its nodes and its edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Int, Text, Texts
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import PART
from graphc.ops.sources.edge_columns import OF_AN_EDGE, REPEATED, EdgeColumns, edge_columns, no_ends
from graphc.ops.sources.files import file_at
from graphc.ops.sources.graphs import COUNTED, GraphSource, fields_of_nodes, split_sizes
from graphc.ops.sources.table import FEATURES, in_order
from graphc.ops.tables import (
    DELIMITERS,
    csv_lines,
    is_gap,
    missing_value,
    require_columns,
    truth_or_number,
)

LARGEST = 3.4028234663852886e38
"""Of float32."""
Rows = tuple[tuple[str, Mapping[str, str]], ...]


@dataclass(frozen=True)
class NodeTable:
    """The file of the nodes of a graph.

    Args:
        path: where it is.
        rows: for each node the place of its line, and its cells by their columns.
        id: the column that names nodes.
        numbers: the columns that are features.
        classes: the classes of the target.
    """

    path: str
    rows: Rows
    id: str
    numbers: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GraphFiles(GraphSource):
    """A graph in csv files: `features` [nodes, columns], and classes by the column of the target.

    Each line of one file is a node, each line of the other joins two nodes by their names. A node
    whose target is empty has edges and features, and counts nowhere; where links are what is
    predicted, no target is needed. An edge that is there twice,
    in whatever order of its ends, counts once, and a node with itself is none: `graphc data` says
    how many were left out so. Further columns of the edges are fields, [edges].
    """

    name = "graph"

    nodes: str = primary(Text(), "the file of the nodes, relative to the folder of the spec")
    edges: str = attribute(Text(), "the file of the edges")
    # The base's class variable is an attribute here: the user's own name for the target.
    target: str | None = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(),
        "the column of the nodes that is predicted, a class; empty where it is not known",
        None,
    )
    id: str | None = attribute(
        Text(), "the column that names each node, by which edges name it; default: the first", None
    )
    ends: tuple[str, ...] = attribute(
        Texts(), "the columns of the edges that name their two nodes; default: the first two", ()
    )
    features: tuple[str, ...] | None = attribute(
        Texts(), "the columns of numbers to learn from; without it all others that hold some", None
    )
    directed: bool = attribute(
        Bool(), "whether an edge leads to its second node alone, and not back", False
    )
    edge_features: tuple[str, ...] | None = attribute(
        Texts(),
        "the columns of the edges that are fields, a number for each edge; without it all others"
        " that hold numbers alone",
        None,
    )
    repeated: str = attribute(
        Text(REPEATED),
        "what an edge holds that is there several times with different values; `refuse`: an error",
        "refuse",
    )
    normalize: str = attribute(
        Text(("none", "standard", "rows")),
        "`standard`: each feature has mean 0 and variance 1; `rows`: those of a node add up to 1",
        "none",
    )
    split: str | None = attribute(
        Text(), "the column that says train, validation or test, or nothing", None
    )
    validation: float | int = attribute(
        PART, "of the nodes to learn from, what is held out: a fraction, or a count", 0.1
    )
    test: float | int = attribute(
        PART, "of the nodes with a target, what is held out: a fraction, or a count", 0.2
    )
    split_seed: int = attribute(Int(0), "draws the splits; training has its own seed", 0)
    delimiter: str = attribute(Text(tuple(DELIMITERS)), "what stands between cells", "comma")

    def complaint(self) -> str | None:
        return no_ends(self.ends)

    def fields(self, folder: str) -> Mapping[str, Type]:
        columns = self.columns(folder)
        table = self.table(folder)
        if self.target is None:
            message = f"`{self.name}` needs `target`, the column of classes that is predicted"
            raise ShapeError(message, "`data: {links: ...}` predicts links instead", "GC212")
        kind = Type((), "int", len(table.classes))
        held = dict.fromkeys(columns.values, OF_AN_EDGE)
        return fields_of_nodes(len(table.numbers), self.target, kind) | held

    def shares(self, folder: str) -> Mapping[str, float]:
        if self.normalize == "standard":
            return {}  # what was 0 is none any more
        table = self.table(folder)
        cells = [row[name] for _, row in table.rows for name in table.numbers]
        return {FEATURES: sum(map(bool, map(truth_or_number, cells))) / len(cells)}

    def given(self, folder: str) -> Mapping[str, Type]:
        file_at(folder, self.edges)
        fields = fields_of_nodes(len(self.table(folder).numbers), "", Type((), "int"))
        return {name: kind for name, kind in fields.items() if name not in ("", COUNTED)}

    def lacks_validation(self) -> bool:
        return self.split is None and not self.validation

    def sizes(self, labelled: int, classes: int) -> dict[str, int]:
        """How many of the nodes with a target go where; raises ShapeError GC518."""
        return split_sizes(labelled, classes, self.validation, self.test)

    def columns(self, folder: str) -> EdgeColumns:
        """What the columns of the edges are for; raises ShapeError GC511, GC512 and GC516."""
        path = file_at(folder, self.edges)
        taken = (self.target,)
        return edge_columns(path, self.delimiter, self.ends, self.edge_features, taken)

    def table(self, folder: str) -> NodeTable:
        """The file of the nodes; raises ShapeError GC511 to GC517."""
        path = file_at(folder, self.nodes)
        lines = csv_lines(path, self.delimiter)
        header = next(lines)[1]
        id = self.id or header[0]
        require_columns(path, header, (id, *(self.features or ())))
        require_columns(path, header, (self.target,) if self.target else ())
        require_columns(path, header, (self.split,) if self.split else ())
        self._check_names()
        rows = tuple((place, dict(zip(header, cells, strict=True))) for place, cells in lines)
        self._check_ids(path, id, rows)
        used = {id, self.target, self.split}
        numbers = self.features or tuple(
            name for name in header if name not in used and _holds_numbers(rows, name)
        )
        if not numbers:
            message = f"`{path}` has no column of numbers to learn from"
            help = "add one; a column that is 1 everywhere leaves all to the edges"
            raise ShapeError(message, help, "GC512")
        return NodeTable(path, rows, id, numbers, self._classes(path, rows))

    def nodes_to_predict(self, path: str, numbers: tuple[str, ...]) -> NodeTable:
        """A file of nodes whose target nobody knows; raises ShapeError GC511 to GC516."""
        lines = csv_lines(path, self.delimiter)
        header = next(lines)[1]
        id = self.id or header[0]
        require_columns(path, header, (id, *numbers))
        rows = tuple((place, dict(zip(header, cells, strict=True))) for place, cells in lines)
        self._check_ids(path, id, rows)
        return NodeTable(path, rows, id, numbers, ())

    def _check_names(self) -> None:
        if self.target is not None and self.target in (self.features or ()):
            message = f"the column `{self.target}` is the target, and one of `features`"
            raise ShapeError(message, "leave it out of `features`", "GC512")
        if self.target == FEATURES:
            message = "the target's field would be called `features`, as the features are"
            raise ShapeError(message, "rename the column", "GC512")

    def _check_ids(self, path: str, id: str, rows: Rows) -> None:
        seen: dict[str, str] = {}
        for place, row in rows:
            if not row[id]:
                raise ShapeError(f"`{path}` {place} does not name its node", code="GC513", word=id)
            if row[id] in seen:
                message = f"`{path}` {place} is the node `{row[id]}`, as {seen[row[id]]} is"
                raise ShapeError(
                    message, "a node is named once; `id` says by which column", "GC516"
                )
            seen[row[id]] = place

    def _classes(self, path: str, rows: Rows) -> tuple[str, ...]:
        if self.target is None:
            return ()
        classes = in_order({row[self.target] for _, row in rows} - {""})
        if len(classes) < 2:
            found = f"the class {listing(classes)} alone" if classes else "no class at all"
            message = f"the column `{self.target}` of `{path}` holds {found}"
            raise ShapeError(message, "two classes make something to learn", "GC517", self.target)
        return classes


def _holds_numbers(rows: Rows, name: str) -> bool:
    """Whether a column holds numbers and no words."""
    cells = [row[name] for _, row in rows]
    return all(is_gap(cell) or truth_or_number(cell) is not None for cell in cells) and any(
        not is_gap(cell) for cell in cells
    )


def number_of(path: str, place: str, column: str, cell: str) -> float:
    """The number that a cell holds; ShapeError GC513 where it holds none, GC514 an infinite one."""
    value = truth_or_number(cell)
    if is_gap(cell):
        error = missing_value(path, place, column)
        raise ShapeError(error.message, "fill it in, or leave the column out", error.code)
    if value is None:
        message = f"`{path}` {place} has `{cell}` in column `{column}`, which is no number"
        raise ShapeError(message, "repair it, or leave out the column", "GC513")
    if not abs(value) <= LARGEST:
        message = f"`{path}` {place} has `{cell}` in column `{column}`, which is beyond float32"
        raise ShapeError(message, "repair it, or leave out the column", "GC514")
    return value


sources.add(GraphFiles)
