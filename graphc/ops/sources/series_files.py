"""Series at the nodes of a graph, in two csv files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Text, Texts
from graphc.core.declaration import attribute, primary
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.edge_columns import no_ends
from graphc.ops.sources.files import file_at
from graphc.ops.sources.series import SeriesSource
from graphc.ops.tables import DELIMITERS, csv_lines, require_columns


@dataclass(frozen=True, kw_only=True)
class SeriesFiles(SeriesSource):
    """Series in csv files: `series` [time, nodes, 1] of sensors, and the `next` [nodes, horizon].

    Each line of one file is a step and each of its columns a sensor, each line of the other joins
    two sensors by their names. Edges are read as those of `graph` are.
    """

    name = "series"

    path: str = primary(Text(), "the file of the series, relative to the folder of the spec")
    edges: str = attribute(Text(), "the file of the edges")
    time: str | None = attribute(
        Text(), "the column that says when a line was measured, which is no sensor", None
    )
    sensors: tuple[str, ...] | None = attribute(
        Texts(), "the columns that are sensors; default: all but that of the time", None
    )
    ends: tuple[str, ...] = attribute(
        Texts(), "the columns of the edges that name their two sensors; default: the first two", ()
    )
    directed: bool = attribute(
        Bool(), "whether an edge leads to its second sensor alone, and not back", False
    )
    delimiter: str = attribute(Text(tuple(DELIMITERS)), "what stands between cells", "comma")

    def complaint(self) -> str | None:
        return no_ends(self.ends)

    def fields(self, folder: str) -> Mapping[str, Type]:
        file_at(folder, self.edges)
        path = file_at(folder, self.path)
        self.columns(path, next(csv_lines(path, self.delimiter))[1])
        return super().fields(folder)

    def columns(self, path: str, header: list[str]) -> tuple[str, ...]:
        """The sensors; raises ShapeError GC512 for a column that is not there, or for no sensor."""
        require_columns(path, header, (self.time,) if self.time else ())
        require_columns(path, header, self.sensors or ())
        found = self.sensors or tuple(each for each in header if each != self.time)
        if self.time in found:
            message = f"the column `{self.time}` is the time, and one of `sensors`"
            raise ShapeError(message, "leave it out of `sensors`", "GC512")
        if not found:
            raise ShapeError(f"`{path}` has no column of a sensor", code="GC512")
        return found


sources.add(SeriesFiles)
