"""Which parts of two networks correspond: by the names that were given, and by structure.

Levels are aligned from the outside in, in these steps, each for what is left by those before:

    1. items with the same given name,
    2. items that are equal and stand between equal things, above and below,
    3. items that are equal and under equal things, then those over equal things,
    4. neighbours of items that correspond, at the same place: equal ones, then those with the same
       name and operation, then those with the same operation,
    5. items with the same name and operation; at last equal ones, in order.

Where several would do, the one is taken that reads what corresponds. Every step takes time that is
proportional to the items and edges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphc.insight.diff.signatures import Numbers, Signed, signed
from graphc.insight.levels import Item, Level, Port
from graphc.insight.picture import Group, Picture, Point


@dataclass
class Alignment:
    """What corresponds, by paths: points, groups, and the pairs of levels that were gone through.

    Args:
        levels: pairs of levels, the outermost first.
        pairs: the path in the second picture for each path in the first.
    """

    levels: list[tuple[Level, Level]] = field(default_factory=list)
    pairs: dict[str, str] = field(default_factory=dict)


def align(one: Picture, other: Picture, first: Level, second: Level) -> Alignment:
    """Align two pictures of a network each, given as levels too."""
    numbers = Numbers()
    left = signed(first, numbers, {each.id: each for each in one.points})
    right = signed(second, numbers, {each.id: each for each in other.points})
    alignment = Alignment()
    waiting = deque([(left, right)])
    while waiting:
        left, right = waiting.popleft()
        alignment.levels.append((left.level, right.level))
        for name, match in _Matcher(left, right, alignment.pairs).run().items():
            alignment.pairs[name] = match
            if name in left.inner:
                waiting.append((left.inner[name], right.inner[match]))
    return alignment


Key = Callable[[Signed, str], Hashable]
Context = Callable[[Signed, str], Hashable]


class _Matcher:
    """Aligns one pair of levels."""

    def __init__(self, left: Signed, right: Signed, outer: Mapping[str, str]) -> None:
        self.left, self.right, self.outer = left, right, outer
        self.pairs: dict[str, str] = {}
        self.taken: set[str] = set()

    def run(self) -> dict[str, str]:
        """The items that correspond."""
        items = self.left.items
        self._alike(items, _given_name, self._reads)
        self._alike(items, lambda side, each: (side.above[each], side.below[each]), self._reads)
        self._alike(items, lambda side, each: side.above[each], self._reads)
        self._alike(items[::-1], lambda side, each: side.below[each], self._readers)
        for key in (_equal, _called, _operation):
            self._neighbours(key)
        self._alike(items, _called, self._reads)
        self._alike(items, _equal, self._reads)
        self._neighbours(_operation)
        return {name: self.pairs[name] for name in items if name in self.pairs}

    def _pair(self, name: str, match: str) -> None:
        self.pairs[name] = match
        self.taken.add(match)

    def _alike(self, items: Iterable[str], key: Key, context: Context) -> None:
        """Pair items with the same key; those whose context corresponds, then any in order."""
        free = [each for each in self.right.items if each not in self.taken]
        near = _grouped(free, lambda each: (key(self.right, each), context(self.right, each)))
        alike = _grouped(free, lambda each: key(self.right, each))
        missing = [each for each in items if each not in self.pairs]
        for last in (False, True):
            for each in missing:
                found = key(self.left, each)
                if each in self.pairs or found is None:
                    continue
                several = near.get((found, context(self.left, each)), deque())
                match = self._next(several)
                if match is None and last:
                    match = self._next(alike.get(found, deque()))
                if match is not None:
                    self._pair(each, match)

    def _next(self, several: deque[str]) -> str | None:
        """The first that is free."""
        while several:
            match = several.popleft()
            if match not in self.taken:
                return match
        return None

    def _neighbours(self, key: Key) -> None:
        """Pair what stands at the same place beside what corresponds."""
        waiting = deque(self.pairs.items())
        waiting.extend(self._ports())  # type: ignore[arg-type]
        left, right = self.left, self.right
        while waiting:
            one, other = waiting.popleft()
            for mine, theirs in (
                (left.readers.get(one, ()), right.readers.get(other, ())),
                (left.reads.get(one, ()), right.reads.get(other, ())),  # type: ignore[call-overload]
            ):
                free = [each for each in theirs if _is_free(each[1], self.taken)]
                places = _grouped(free, lambda each: (each[0], key(right, each[1])))
                for slot, each in mine:
                    if isinstance(each, Port) or each in self.pairs:
                        continue
                    several = places.get((slot, key(left, each)), deque())
                    match = self._next(deque(name for _, name in several))
                    if match is not None:
                        self._pair(each, match)
                        waiting.append((each, match))

    def _ports(self) -> Iterator[tuple[Port, Port]]:
        """Where values that correspond come in."""
        known = {self._source(self.right, each): each for each in self.right.level.ports}
        for each in self.left.level.ports:
            match = known.get(self._source(self.left, each))
            if each.kind == "in" and match is not None and match.kind == "in":
                yield each, match

    def _source(self, side: Signed, item: Item) -> Hashable:
        """An item as the second picture calls it."""
        mine = side is self.left
        if isinstance(item, Port):
            point = item.value.point
            return item.kind, self.outer.get(point, (point,)) if mine else point, item.value.port
        return self.pairs.get(item, (item,)) if mine else item

    def _reads(self, side: Signed, item: str) -> Hashable:
        return frozenset((slot, self._source(side, each)) for slot, each in side.reads[item])

    def _readers(self, side: Signed, item: str) -> Hashable:
        return frozenset((slot, self._source(side, each)) for slot, each in side.readers[item])


def _is_free(item: Item, taken: set[str]) -> bool:
    return not isinstance(item, Port) and item not in taken


def _grouped(items: Iterable[Any], key: Callable[[Any], Hashable]) -> dict[Hashable, deque]:
    groups: dict[Hashable, deque] = {}
    for each in items:
        groups.setdefault(key(each), deque()).append(each)
    return groups


def _category(each: Point | Group) -> str:
    if isinstance(each, Group):
        return "group"
    return each.kind if each.kind in ("input", "output") else "node"


def _given_name(side: Signed, item: str) -> Hashable:
    each = side.each(item)
    return (_category(each), each.name) if each.named else None


def _equal(side: Signed, item: str) -> Hashable:
    return side.what[item]


def _called(side: Signed, item: str) -> Hashable:
    each = side.each(item)
    return _category(each), each.operation, each.name


def _operation(side: Signed, item: str) -> Hashable:
    each = side.each(item)
    return _category(each), each.operation
