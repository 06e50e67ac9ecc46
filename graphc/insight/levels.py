"""A picture level by level: what stands in a group, with its edges cut where they cross borders.

An edge into a group ends at a port on its border and goes on from there inside, so that every level
can be laid out and compared by itself. Edges that carry one value into a group share a port.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graphc.insight.cost import Cost
from graphc.insight.picture import Edge, Group, Picture, Point


@dataclass(frozen=True)
class Value:
    """What a point gives: its output, or one of its ports."""

    point: str
    port: str | None = None


@dataclass(frozen=True)
class Port:
    """Where a value crosses the border of a group; `kind` is in or out."""

    group: str
    kind: str
    value: Value


Item = str | Port
"""A point or a group, by its path, or a port."""


@dataclass(frozen=True)
class Wire:
    """A value on its way from an item of a level to one that reads it."""

    source: Item
    value: Value
    target: Item


@dataclass
class Level:
    """One group from inside.

    Args:
        group: the group; None for the whole.
        points: the points that stand in it.
        levels: the groups that stand in it, by their paths.
        ports: on its border.
        wires: its edges, with those of the picture that they are parts of.
    """

    group: Group | None
    points: dict[str, Point] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    ports: dict[Port, None] = field(default_factory=dict)
    wires: dict[Wire, list[Edge]] = field(default_factory=dict)

    def connect(self, source: Item, value: Value, target: Item, edge: Edge) -> None:
        """Add a part of an edge."""
        self.ports |= {each: None for each in (source, target) if isinstance(each, Port)}
        self.wires.setdefault(Wire(source, value, target), []).append(edge)

    @property
    def cost(self) -> Cost:
        """The sum over what it holds, as often as it is there; of one copy of the group."""
        parts = [
            *((each.cost, each.count) for each in self.points.values()),
            *((each.cost, each.group.count) for each in self.levels.values() if each.group),
        ]
        return sum((each * count for each, count in parts), Cost())

    @property
    def size(self) -> int:
        """How many boxes it shows with all its groups folded."""
        return len(self.points) + len(self.levels)

    def all(self) -> Iterator[Level]:
        """Itself and every level inside."""
        yield self
        for each in self.levels.values():
            yield from each.all()


def levels_of(picture: Picture) -> Level:
    """The whole as levels; everything in one is in the order of the graph."""
    picture = _shortened(picture)
    known: dict[str | None, Level] = {None: Level(None)}
    parents: dict[str, str | None] = {each.id: each.group for each in picture.points}
    for group in picture.groups:
        known[group.id] = known[group.group].levels[group.id] = Level(group)
        parents[group.id] = group.group
    for point in picture.points:
        known[point.group].points[point.id] = point
    for edge in picture.edges:
        _wire(edge, known, parents)
    return known[None]


def _shortened(picture: Picture) -> Picture:
    """A repeat of one kind of layer and that layer become one."""
    everything: list[Point | Group] = [*picture.points, *picture.groups]
    inside = Counter(each.group for each in everything)
    single = {
        each.id: each for each in picture.groups if each.kind == "repeat" and inside[each.id] == 1
    }

    def shortened(each):
        while (outer := single.get(each.group)) is not None:
            count = each.count * outer.count
            more = {"name": outer.name, "named": outer.named}
            each = replace(each, group=outer.group, count=count, **more)
        return each

    points = [shortened(each) for each in picture.points]
    groups = [shortened(each) for each in picture.groups if each.id not in single]
    return Picture(points, groups, picture.edges)


def _wire(edge: Edge, known: dict[str | None, Level], parents: dict[str, str | None]) -> None:
    """Cut an edge where it leaves groups and where it enters them."""
    value = Value(edge.source, edge.port)
    ups, downs = _around(edge.source, parents), _around(edge.target, parents)
    while ups and downs and ups[-1] == downs[-1]:
        ups.pop()
        downs.pop()
    item: Item = edge.source
    level = parents[edge.source]
    for group in ups:
        known[group].connect(item, value, Port(group, "out", value), edge)
        item, level = group, parents[group]
    for group in reversed(downs):
        known[level].connect(item, value, group, edge)
        item, level = Port(group, "in", value), group
    known[level].connect(item, value, edge.target, edge)


def _around(name: str, parents: dict[str, str | None]) -> list[str]:
    """The groups around a point, the innermost first."""
    found = []
    group = parents[name]
    while group is not None:
        found.append(group)
        group = parents[group]
    return found
