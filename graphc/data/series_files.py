"""Series at the nodes of a graph, in two csv files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from graphc.core.operation import ShapeError
from graphc.data.examples import require_finite
from graphc.data.graph_files import pairs_by_name
from graphc.data.graphs import both_ways, one_way
from graphc.data.series import Series
from graphc.ops.sources import SeriesFiles
from graphc.ops.sources.edge_columns import edge_columns
from graphc.ops.sources.files import file_at
from graphc.ops.tables import csv_lines, is_gap, number


def load_series(source: SeriesFiles, folder: str) -> Series:
    """The series of two csv files.

    Raises:
        ShapeError: GC511 to GC516, naming file, line and column.
        RunError: GC514 for numbers that are not finite.
    """
    path = file_at(folder, source.path)
    sensors, values = measured(source, path)
    numbers = {name: place for place, name in enumerate(sensors)}
    file, ends = file_at(folder, source.edges), source.ends
    columns = edge_columns(file, source.delimiter, ends, (), (), "sensor")
    pairs = pairs_by_name(columns, source.delimiter, numbers, "sensor", path)
    edges, left_out = one_way(pairs) if source.directed else both_ways(pairs)
    return Series(values, sensors, edges, left_out, source.directed)


def measured(source: SeriesFiles, path: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The sensors of a file like that of the series, and what each measured: [steps, sensors].

    Raises:
        ShapeError: GC511 to GC516, naming file, line and column.
        RunError: GC514 for numbers that are not finite.
    """
    lines = csv_lines(path, source.delimiter)
    header = next(lines)[1]
    sensors = source.columns(path, header)
    places = [header.index(each) for each in sensors]
    clock = Clock(path, source.time)
    rows = []
    for place, cells in lines:
        if source.time is not None:
            clock.goes_on(place, cells[header.index(source.time)])
        several = zip(sensors, (cells[at] for at in places), strict=True)
        rows.append([_number(path, place, sensor, cell) for sensor, cell in several])
    values = np.array(rows)
    require_finite(f"`{path}`", values)
    return sensors, values


def windows_to_predict(source: SeriesFiles, sensors: tuple[str, ...], path: str) -> np.ndarray:
    """Every window of a file with the same sensors, [windows, steps, sensors, 1].

    Raises:
        ShapeError: GC518 where it has too few lines for one, and as `measured`.
    """
    _, values = measured(replace(source, sensors=sensors), path)
    if len(values) < source.steps:
        message = f"`{path}` has {len(values)} lines of numbers, and a window takes {source.steps}"
        raise ShapeError(message, code="GC518")
    return np.moveaxis(sliding_window_view(values, source.steps, axis=0), -1, 1)[..., None]


def _number(path: str, place: str, sensor: str, cell: str) -> float:
    """What a cell holds; raises ShapeError GC513 where it is no number."""
    value = None if is_gap(cell) else number(cell)
    if value is not None:
        return value
    if is_gap(cell):
        message = f"`{path}` {place} has no value in column `{sensor}`"
        help = "fill it in, as with what was measured before, or list other `sensors`"
    else:
        message = f"`{path}` {place} has `{cell}` in column `{sensor}`, which is no number"
        help = f"repair it; if it is no sensor, list the others, or say `time: {sensor}`"
    raise ShapeError(message, help, "GC513")


class Clock:
    """Sees to it that the lines of a file are steps of one length.

    Args:
        path: the file, for messages.
        column: that of the time: numbers, or dates as ISO 8601 writes them.
    """

    def __init__(self, path: str, column: str | None) -> None:
        self.path, self.column = path, column
        self.before: Moment | None = None
        self.step: Decimal | None = None

    def goes_on(self, place: str, cell: str) -> None:
        """Raise ShapeError where a line does not follow the one before.

        GC513 for what is no time, GC516 for one that is not as much later as others are.
        """
        now, before, where = moment(cell), self.before, f"`{self.path}` {place}"
        self.before = now
        if now is None or (before is not None and now.is_date != before.is_date):
            message = f"{where} has `{cell}` in column `{self.column}`, which is no time"
            help = "times are numbers, or all of them dates like 2024-05-01 08:05"
            raise ShapeError(message, help, "GC513")
        if before is None:
            return
        step = now.place - before.place
        if step <= 0:
            message = f"{where} has the time `{cell}`, which is not later than the line before it"
            raise ShapeError(message, "order the lines by their time", "GC516")
        if self.step not in (None, step):
            found, others = (_words(each, now.is_date) for each in (step, self.step))
            message = f"{where} is {found} later than the line before it, and that one was {others}"
            help = "all steps are of one length: put in the lines that are missing"
            raise ShapeError(message, help, "GC516")
        self.step = step


@dataclass(frozen=True)
class Moment:
    """A time: the number that it is, or the seconds up to a date."""

    place: Decimal
    is_date: bool = False


def moment(cell: str) -> Moment | None:
    """The time that a cell holds, if it holds one.

    Example:
        >>> moment("0.25").place + moment("1970-01-01 00:01").place
        Decimal('60.25')
    """
    with suppress(InvalidOperation):
        found = Decimal(cell)
        return Moment(found) if found.is_finite() else None
    with suppress(ValueError):
        date = datetime.fromisoformat(cell)
        since = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.fromtimestamp(0, UTC)
        return Moment(Decimal(str(since.total_seconds())), is_date=True)
    return None


def _words(step: Decimal | None, is_date: bool) -> str:
    """How long a step is, that of dates as `0:05:00`."""
    return str(timedelta(seconds=float(step or 0))) if is_date else str(step)
