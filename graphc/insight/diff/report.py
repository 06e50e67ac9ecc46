"""A comparison as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from graphc.core.span import Source
from graphc.insight.cost import Cost
from graphc.insight.diff.change import Change, Row
from graphc.insight.diff.comparison import Comparison
from graphc.insight.picture import Group, Point
from graphc.insight.table import aligned, place, short

PROGRAMS = {
    "same": "the programs are the same",
    "renamed": "the programs are the same but for names, and start from other weights",
    "different": "the programs differ",
}
_SECTIONS = {
    "changed": ("operation", "attribute", "argument", "copies"),
    "renamed": ("name",),
    "rewired": ("reads",),
    "reshaped": ("output",),
}
"""The kinds of rows that stand in each section."""

Cells = list[str]


def as_text(found: Comparison, one: Source, other: Source) -> str:
    """Everything that differs, section by section, and whether the programs are the same."""
    lines = [f"{one.name} -> {other.name}", *(["nothing differs"] if found.same else [""])]
    for title, kinds in _SECTIONS.items():
        cells = (
            [*_head(change, other), *([row.what] if len(kinds) > 1 else _input(row)), _arrow(row)]
            for change in found.changes
            for row in change.rows
            if row.kind in kinds and change.kind == "changed"
        )
        lines += _section(title, cells)
        if title == "changed":
            for kind, source in (("added", other), ("removed", one)):
                several = (each for each in found.changes if each.kind == kind)
                lines += _section(kind, ([*_head(each, source), _shape(each)] for each in several))
    lines += _section("settings", ([each.what, _arrow(each)] for each in found.settings))
    lines += _costs(found)
    return "\n".join([*lines, PROGRAMS[found.program]]) + "\n"


def _section(title: str, cells: Iterable[Cells]) -> list[str]:
    """Rows under a title, those that are equal but for their names as one."""
    several: dict[tuple[str, ...], list[str]] = {}
    for name, *rest in cells:
        several.setdefault(tuple(rest), []).append(name)
    if not several:
        return []
    rows = [[_names(names), *rest] for rest, names in several.items()]
    return [title, *(f"  {line}" for line in aligned(rows)), ""]


def _names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} like it"


def _head(change: Change, source: Source) -> Cells:
    """What a part is called, its operation and its line."""
    where = place(change.part.span, source)
    return [_path(change), change.part.operation, f"line {where}" if where.isdigit() else where]


def _input(row: Row) -> Cells:
    return [row.what] if row.kind == "reads" else []


def _arrow(row: Row) -> str:
    return f"{row.before} -> {row.after}"


def _shape(change: Change) -> str:
    part = change.part
    many = f" {part.count} times" if part.count > 1 else ""
    return f"{part.output}{many}" if isinstance(part, Point) else many.strip()


def _costs(found: Comparison) -> Iterator[str]:
    """Parameters and work before and after, of each part where they differ and of the whole.

    A block is left out where its parts tell the same.
    """
    several: dict[tuple[str, ...], list[str]] = {}
    for change in found.changes:
        group = change.kind == "changed" and isinstance(change.part, Group)
        copied = any(row.kind == "copies" for row in change.rows)
        if change.differs and _differ(change.costs) and (copied or not group):
            several.setdefault(_cells(change.costs), []).append(_path(change))
    if not several and not _differ(found.totals):
        return
    rows = [("cost", "parameters", "", "FLOPs", "")]
    rows += [(f"  {_names(names)}", *cells) for cells, names in several.items()]  # type: ignore[misc]
    rows.append(("  total", *_cells(found.totals)))  # type: ignore[arg-type]
    yield from aligned(rows)
    yield ""


def _path(change: Change) -> str:
    return f"{change.network}/{change.path}" if change.network else change.path


def _differ(costs: tuple[Cost, Cost]) -> bool:
    one, other = costs
    return replace(one, nodes=0) != replace(other, nodes=0)


def _cells(costs: tuple[Cost, Cost]) -> tuple[str, ...]:
    return *_both(costs, "parameters", "{:,}".format), *_both(costs, "flops", short)


def _both(costs: tuple[Cost, Cost], what: str, text: Callable[[int], str]) -> tuple[str, str]:
    """Before and after, and the difference where both are known."""
    before, after = (each.shown(what, text) for each in costs)
    difference = getattr(costs[1], what) - getattr(costs[0], what)
    if before == after and not difference:
        return before, ""
    known = not any(what in each.more for each in costs)
    sign = "+" if difference > 0 else "-"
    return f"{before} -> {after}", f"({sign}{text(abs(difference))})" if known else ""


def as_json(found: Comparison) -> str:
    """Everything that differs, for programs."""
    value = {
        "same": found.same,
        "program": found.program,
        **_numbers(found.totals),
        "changes": [_change(each) for each in found.changes],
        "settings": [_row(each) for each in found.settings],
    }
    return json.dumps(value, indent=2) + "\n"


def _change(change: Change) -> dict:
    ends = {}
    for word, part, path in (
        ("before", change.one, change.paths[0]),
        ("after", change.other, change.paths[1]),
    ):
        span = part.span if part is not None else None
        ends[word] = part and {
            "path": path,
            "operation": part.operation,
            "output": str(part.output) if isinstance(part, Point) else None,
            "count": part.count,
            "file": span.source.name if span else None,
            "line": span.line if span else None,
        }
    return {
        "change": change.kind,
        "network": change.network or None,
        **ends,
        "rows": [_row(each) for each in change.rows],
        **_numbers(change.costs),
    }


def _numbers(costs: tuple[Cost, Cost]) -> dict:
    """Parameters and work before and after; None for what nobody knows."""
    return {
        what: [None if what in each.more else getattr(each, what) for each in costs]
        for what in ("parameters", "flops")
    }


def _row(row: Row) -> dict:
    return {"kind": row.kind, "what": row.what, "before": row.before, "after": row.after}
