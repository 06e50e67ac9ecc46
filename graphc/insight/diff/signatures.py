"""Numbers for what things are and where they stand, equal in two pictures where these are equal.

For each item of a level: what it is (its operation, attributes and all that is inside), what it is
together with everything that leads to it, and with everything that it leads to. These are the
colours of Weisfeiler and Leman ("The reduction of a graph to canonical form", 1968), refined along
the edges until nothing changes, which for a graph without cycles is one pass in each direction.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from graphc.insight.example import flow
from graphc.insight.levels import Item, Level, Port, Wire
from graphc.insight.picture import Edge, Group, Point


class Numbers:
    """Gives each value a number, and equal values the same; one for both pictures."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, *value: Hashable) -> int:
        return self._known.setdefault(value, len(self._known))


@dataclass
class Signed:
    """A level with the signatures of its items, which stand in the order of their edges.

    Args:
        items: points and groups.
        what: what each is, apart from its name.
        above: the same with all that leads to it, `below` with all that it leads to.
        reads: for each item its slots and what stands there; `readers` the other way round.
        inner: the levels of its groups.
    """

    level: Level
    items: list[str] = field(default_factory=list)
    what: dict[str, int] = field(default_factory=dict)
    above: dict[Item, int] = field(default_factory=dict)
    below: dict[Item, int] = field(default_factory=dict)
    reads: dict[str, list[tuple[int, Item]]] = field(default_factory=dict)
    readers: dict[Item, list[tuple[int, Item]]] = field(default_factory=dict)
    inner: dict[str, Signed] = field(default_factory=dict)

    def each(self, item: str) -> Point | Group:
        """The point or the group."""
        if item in self.level.points:
            return self.level.points[item]
        group = self.level.levels[item].group
        assert group is not None
        return group


def signed(level: Level, numbers: Numbers, points: Mapping[str, Point]) -> Signed:
    """The signatures of a level and of those inside.

    Args:
        points: every point of the picture.
    """
    found = Signed(level)
    for name, inner in level.levels.items():
        found.inner[name] = signed(inner, numbers, points)
    found.reads = {name: [] for name in (*level.points, *level.levels)}
    found.readers = {name: [] for name in (*level.points, *level.levels, *level.ports)}
    for wire, edges in level.wires.items():
        if all(edge.delayed for edge in edges):
            continue  # the point that reads another step says which in its structure
        slot = numbers.of("slot", wire.value.port, _slots(wire, edges, points))
        found.readers[wire.source].append((slot, wire.target))
        if not isinstance(wire.target, Port):
            found.reads[wire.target].append((slot, wire.source))
    found.items = _in_order(found)
    for name in found.items:
        found.what[name] = _what(found, name, numbers)
    for port in level.ports:
        found.above[port] = found.below[port] = numbers.of(port.kind)
    for name in found.items:
        reads = sorted((slot, found.above[each]) for slot, each in found.reads[name])
        found.above[name] = numbers.of("above", found.what[name], tuple(reads))
    for name in reversed(found.items):
        readers = sorted((slot, found.below[each]) for slot, each in found.readers[name])
        found.below[name] = numbers.of("below", found.what[name], tuple(readers))
    return found


def _slots(wire: Wire, edges: Iterable[Edge], points: Mapping[str, Point]) -> tuple:
    """At which places the points that a wire leads to read it."""
    value = wire.value.point, wire.value.port
    return tuple(
        sorted(
            tuple(i for i, each in enumerate(operands) if (each.id, each.port) == value)
            for operands in (points[edge.target].operands for edge in edges)
        )
    )


def _in_order(found: Signed) -> list[str]:
    """Items after all that they read."""
    missing = {
        name: sum(not isinstance(each, Port) for _, each in reads)
        for name, reads in found.reads.items()
    }
    ready = [name for name, count in missing.items() if not count]
    for name in ready:  # grows while it is gone through
        for _, each in found.readers[name]:
            if not isinstance(each, Port):
                missing[each] -= 1
                if not missing[each]:
                    ready.append(each)
    return ready


def _what(found: Signed, name: str, numbers: Numbers) -> int:
    each = found.each(name)
    words = tuple(f"{key}={flow(value)}" for key, value in each.attributes.items())
    common = (each.kind, each.operation, each.count, words)
    if isinstance(each, Point):
        given = str(each.output) if each.kind == "input" else ""
        return numbers.of("point", each.structure, given, *common)
    inner = found.inner[name]
    inside = tuple(sorted((inner.above[item], inner.below[item]) for item in inner.items))
    return numbers.of("group", inside, *common)
