"""The parts of two networks that differ: added, removed, or otherwise in this and that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphc.core.registry import operations
from graphc.graph.graph import Graph
from graphc.insight.cost import Cost
from graphc.insight.diff.alignment import align
from graphc.insight.diff.change import Change, Part, Row
from graphc.insight.example import flow
from graphc.insight.formulas import written
from graphc.insight.levels import Level, levels_of
from graphc.insight.painting import picture_of
from graphc.insight.picture import End, Group, Point

_NONE = "none"


def changes_of(
    one: Graph, other: Graph, network: str, networks: Mapping[str, str]
) -> tuple[list[Change], dict[str, str]]:
    """What differs between two networks, and what parts of the first are in the second.

    Args:
        network: what to call them.
        networks: what the networks of the first spec are called in the second.
    """
    pictures = picture_of({"": one}), picture_of({"": other})
    levels = levels_of(pictures[0]), levels_of(pictures[1])
    aligned = align(*pictures, *levels)
    comparer = _Comparer(network, networks, aligned.pairs, *map(_around, levels))
    changes = [each for pair in aligned.levels for each in comparer.level(*pair)]
    return sorted(changes, key=_place), aligned.pairs


def _place(change: Change) -> tuple:
    span = change.part.span
    return (span.source.name, span.line) if span else ("", 0)


@dataclass
class _Around:
    """The paths of parts, with the blocks around them, and how often every group is there."""

    paths: dict[str, str]
    times: dict[str | None, int]


def _around(root: Level) -> _Around:
    found = _Around({}, {None: 1})
    for level in root.all():
        around = level.group.id if level.group else None
        prefix = f"{found.paths[around]}/" if around else ""
        groups = [each.group for each in level.levels.values() if each.group]
        for each in [*level.points.values(), *groups]:
            found.paths[each.id] = f"{prefix}{each.name}"
        for each in groups:
            found.times[each.id] = found.times[around] * each.count
    return found


class _Comparer:
    """Says what differs in pairs of levels."""

    def __init__(
        self,
        network: str,
        networks: Mapping[str, str],
        pairs: Mapping[str, str],
        before: _Around,
        after: _Around,
    ) -> None:
        self.network, self.networks, self.pairs = network, networks, pairs
        self.before, self.after = before, after

    def level(self, one: Level, other: Level) -> Iterator[Change]:
        """What differs in a level, not counting what is inside of groups."""
        mine, theirs = _parts(one), _parts(other)
        before = self.before.times[one.group.id if one.group else None]
        after = self.after.times[other.group.id if other.group else None]
        for name, (part, cost) in mine.items():
            match = self.pairs.get(name)
            if match is None:
                yield self._change(part, None, (), (cost * before, Cost()))
                continue
            twin, then = theirs.pop(match)
            rows = tuple(self._rows(part, twin))
            if rows or (cost != then and isinstance(part, Point)):
                costs = cost * before, then * after
                yield self._change(part, twin, rows, costs, cost != then)
        for part, cost in theirs.values():
            yield self._change(None, part, (), (Cost(), cost * after))

    def _change(
        self,
        one: Part | None,
        other: Part | None,
        rows: tuple[Row, ...],
        costs: tuple[Cost, Cost],
        differs: bool = True,
    ) -> Change:
        before = self.before.paths[one.id] if one else ""
        after = self.after.paths[other.id] if other else ""
        return Change(self.network, one, other, (before, after), rows, costs, differs)

    def _rows(self, one: Part, other: Part) -> Iterator[Row]:
        if one.name != other.name:
            yield Row("name", "name", one.name, other.name)
        operation = one.operation
        if one.kind == "network":
            called = operation.removeprefix("network ")
            operation = f"network {self.networks.get(called, called)}"
        if operation != other.operation:
            kind, what = ("name", "block") if isinstance(one, Group) else ("operation",) * 2
            yield Row(kind, what, one.operation, other.operation)
        else:
            yield from _attributes(one, other)
        if one.count != other.count:
            yield Row("copies", "copies", str(one.count), str(other.count))
        if isinstance(one, Point) and isinstance(other, Point):
            if operation == other.operation and one.structure != other.structure:
                yield _structure(one, other)
            yield from self._reads(one, other)
            if one.output != other.output:
                yield Row("output", "output", str(one.output), str(other.output))

    def _reads(self, one: Point, other: Point) -> Iterator[Row]:
        """The inputs that come from elsewhere."""
        moved = [(self.pairs.get(each.id), each.port) for each in one.operands]
        there = [(each.id, each.port) for each in other.operands]
        if moved == there:
            return
        before = [_end(each, self.before.paths) for each in one.operands]
        after = [_end(each, self.after.paths) for each in other.operands]
        if len(moved) != len(there):
            yield Row("reads", "reads", ", ".join(before) or _NONE, ", ".join(after) or _NONE)
            return
        for i, name in enumerate(_inputs(other, len(there))):
            if moved[i] != there[i]:
                yield Row("reads", name, before[i], after[i])


def _parts(level: Level) -> dict[str, tuple[Part, Cost]]:
    """What stands in a level, with the cost of its copies."""
    parts: dict[str, tuple[Part, Cost]] = {
        name: (each, each.cost * each.count) for name, each in level.points.items()
    }
    for name, inner in level.levels.items():
        assert inner.group is not None
        parts[name] = inner.group, inner.cost * inner.group.count
    return parts


def _structure(one: Point, other: Point) -> Row:
    if one.operation == "formula":
        return Row("attribute", "formula", written(one.span), written(other.span))
    return Row("reads", "inputs", one.structure or "all", other.structure or "all")


def _attributes(one: Part, other: Part) -> Iterator[Row]:
    """The attributes that differ, those left out with their defaults."""
    defaults = {}
    if one.operation in operations and isinstance(one, Point):
        for each in operations[one.operation].attributes():
            known = not each.required and each.default is not None
            defaults[each.name] = flow(each.kind.write(each.default)) if known else _NONE
    kind = "argument" if isinstance(one, Group) else "attribute"
    for name in dict.fromkeys([*one.attributes, *other.attributes]):
        before, after = (
            flow(each.attributes[name]) if name in each.attributes else defaults.get(name, _NONE)
            for each in (one, other)
        )
        if before != after:
            yield Row(kind, name, before, after)


def _inputs(point: Point, count: int) -> list[str]:
    """What the inputs of a point are called."""
    if count == 1:
        return ["reads"]
    inputs = ()
    if point.operation in operations and not operations[point.operation].variadic:
        found = operations[point.operation].inputs
        inputs = found if isinstance(found, tuple) else ()
    names = [f"reads as {each.name}" for each in inputs]
    return names if len(names) == count else [f"reads, {i}." for i in range(1, count + 1)]


def _end(end: End, paths: Mapping[str, str]) -> str:
    return f"{paths[end.id]}.{end.port}" if end.port else paths[end.id]
