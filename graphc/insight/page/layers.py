"""A layered layout of one level of a drawing: a row and a column for everything.

Rows are longest paths. A value that is read further down than the next row gets a lane: a cell in
every row between, one for all that read it. Rows are ordered by the barycentre of their neighbours,
sweeping down and up. Columns come from runs of cells that are to stand below one another, chosen
row by row as the heaviest set of wires that do not cross.

References: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures", 1981; Brandes and Köpf, "Fast and simple horizontal coordinate assignment", 2002.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from graphc.insight.levels import Item, Value, Wire

_SWEEPS = 12


@dataclass(frozen=True)
class Lane:
    """The place in a row where a value passes by."""

    source: Item
    value: Value
    row: int


Cell = Item | Lane


@dataclass
class Layout:
    """Rows and columns, counted from 0; `lanes` are those that each wire passes, in order."""

    places: dict[Cell, tuple[int, int]] = field(default_factory=dict)
    lanes: dict[Wire, tuple[Lane, ...]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return 1 + max((row for row, _ in self.places.values()), default=0)

    @property
    def columns(self) -> int:
        return 1 + max((column for _, column in self.places.values()), default=0)


def layered(
    items: Sequence[Item],
    wires: Iterable[Wire],
    first: Iterable[Item] = (),
    last: Iterable[Item] = (),
) -> Layout:
    """Lay items out, in the order given where nothing else decides.

    Args:
        wires: from earlier items to later ones.
        first: items that stand in a row of their own above all others.
        last: items that stand in a row of their own below all others.
    """
    several = list(dict.fromkeys(wires))
    depth = _rows(items, several, list(first), list(last))
    layout = Layout()
    numbers: dict[Cell, int] = {}  # cells by number, which is what the rest works on
    for wire in several:
        passed = range(depth[wire.source] + 1, depth[wire.target])
        layout.lanes[wire] = tuple(Lane(wire.source, wire.value, row) for row in passed)
    for cell in [*items, *(lane for lanes in layout.lanes.values() for lane in lanes)]:
        numbers.setdefault(cell, len(numbers))
    below: list[dict[int, None]] = [{} for _ in numbers]
    for wire in several:
        for above, under in pairwise([wire.source, *layout.lanes[wire], wire.target]):
            below[numbers[above]][numbers[under]] = None
    rows: list[list[int]] = [[] for _ in range(1 + max(depth.values(), default=0))]
    for cell, number in numbers.items():
        rows[cell.row if isinstance(cell, Lane) else depth[cell]].append(number)
    rows = _ordered(rows, below)
    columns = _columns(rows, below, len(items))
    heights = {number: y for y, row in enumerate(rows) for number in row}
    layout.places = {cell: (heights[i], columns[i]) for cell, i in numbers.items()}
    return layout


def _rows(
    items: Sequence[Item], wires: list[Wire], first: list[Item], last: list[Item]
) -> dict[Item, int]:
    """The row of every item: one below the lowest that it reads; sources just above a reader."""
    reads: dict[Item, list[Item]] = {item: [] for item in items}
    readers: dict[Item, list[Item]] = {item: [] for item in items}
    for wire in wires:
        reads[wire.target].append(wire.source)
        readers[wire.source].append(wire.target)
    top = 1 if first else 0
    depth: dict[Item, int] = dict.fromkeys(first, 0)
    waiting = {item: len(reads[item]) for item in items}
    ready = [item for item in items if not waiting[item]]
    order: list[Item] = []
    while ready:
        order += ready
        following = []
        for item in ready:
            depth.setdefault(item, max((depth[each] + 1 for each in reads[item]), default=top))
            for reader in readers[item]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    following.append(reader)
        ready = following
    for item in reversed(order):
        if not reads[item] and readers[item] and item not in first:
            depth[item] = max(top, min(depth[each] for each in readers[item]) - 1)
    lowest = max((depth[item] for item in items if item not in last), default=-1)
    return depth | dict.fromkeys(last, lowest + 1)


Below = Sequence[Mapping[int, None]]
"""For each cell those that are joined to it, in the rows below it or above."""


def _ordered(rows: list[list[int]], below: Below) -> list[list[int]]:
    """The rows in the order with the fewest crossings that sweeping finds."""
    above: list[dict[int, None]] = [{} for _ in below]
    for cell, under in enumerate(below):
        for each in under:
            above[each][cell] = None
    best, fewest, idle = rows, _crossings(rows, below), 0
    for sweep in range(_SWEEPS):
        if not fewest or idle > 2:
            break
        down = sweep % 2 == 0
        rows = _swept(rows, above) if down else _swept(rows[::-1], below)[::-1]
        count = _crossings(rows, below)
        best, fewest, idle = (rows, count, 0) if count < fewest else (best, fewest, idle + 1)
    return best


def _swept(rows: list[list[int]], neighbours: Below) -> list[list[int]]:
    """Each row by the mean place of its cells' neighbours in the row before; the rest stay."""
    found = rows[:1]
    for row in rows[1:]:
        place = {cell: i for i, cell in enumerate(found[-1])}
        weights = {}
        for i, cell in enumerate(row):
            near = [place[each] for each in neighbours[cell] if each in place]
            weights[cell] = sum(near) / len(near) if near else i * len(place) / len(row)
        found.append(sorted(row, key=weights.__getitem__))
    return found


def _crossings(rows: list[list[int]], below: Below) -> int:
    """How many pairs of wires between neighbouring rows cross."""
    count = 0
    for row, under in pairwise(rows):
        place = {cell: i for i, cell in enumerate(under)}
        seen: list[int] = []
        for cell in row:
            ends = sorted(place[each] for each in below[cell] if each in place)
            count += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _columns(rows: list[list[int]], below: Below, items: int) -> dict[int, int]:
    """The column of every cell: straight runs, as near to what they are joined to as there is room.

    Runs are pushed to the left first, then from the right one towards their neighbours' median.
    Cells from the number `items` on are lanes.
    """
    run: dict[int, int] = {}
    for i, row in enumerate(rows):
        straight = _straight(rows[i - 1], row, below, items) if i else {}
        run |= {cell: run[straight[cell]] if cell in straight else cell for cell in row}
    left: dict[int, dict[int, None]] = {head: {} for head in dict.fromkeys(run.values())}
    right: dict[int, dict[int, None]] = {head: {} for head in left}
    for row in rows:
        for one, other in pairwise(row):
            left[run[other]][run[one]] = None
            right[run[one]][run[other]] = None
    order = _from_the_left(left)
    columns: dict[int, int] = {}
    for head in order:
        columns[head] = max((columns[each] + 1 for each in left[head]), default=0)
    joined: dict[int, list[int]] = {head: [] for head in left}
    for cell, under in enumerate(below):
        for each in under:
            joined[run[cell]].append(run[each])
            joined[run[each]].append(run[cell])
    for head in reversed(order):
        others = sorted(columns[each] for each in joined[head] if each != head)
        room = min((columns[each] for each in right[head]), default=1 + max(columns.values())) - 1
        if others:
            columns[head] = max(columns[head], min(room, others[len(others) // 2]))
    return {cell: columns[head] for cell, head in run.items()}


def _from_the_left(left: Mapping[int, Mapping[int, None]]) -> list[int]:
    """Runs after all that stand left of them."""
    order: dict[int, None] = {}
    for start in left:
        waiting = [start]
        while waiting:
            missing = [each for each in left[waiting[-1]] if each not in order]
            waiting += missing
            if not missing:
                order[waiting.pop()] = None
    return list(order)


def _straight(row: list[int], under: list[int], below: Below, items: int) -> dict[int, int]:
    """What stands right below what: the heaviest wires between two rows that do not cross.

    A lane that goes on weighs most, then a wire between cells that have no other; of several the
    one in the middle is preferred.
    """
    place = {cell: i for i, cell in enumerate(under)}
    readers = [sorted(place[each] for each in below[cell] if each in place) for cell in row]
    read: list[list[int]] = [[] for _ in under]
    for i, ends in enumerate(readers):
        for end in ends:
            read[end].append(i)
    best: list[tuple[int, int, int, tuple | None]] = []  # weight, end, start, what is before it
    for i, ends in enumerate(readers):
        added = []
        for end in ends:
            lanes = row[i] >= items and under[end] >= items
            alone = len(ends) == len(read[end]) == 1
            middle = ends[(len(ends) - 1) // 2] == end, read[end][(len(read[end]) - 1) // 2] == i
            weight = 16 if lanes else 8 if alone else 2 + sum(middle)
            before = max((each for each in best if each[1] < end), default=None, key=_weight)
            added.append((weight + (before[0] if before else 0), end, i, before))
        best = _front([*best, *added])
    found = {}
    chain = max(best, default=None, key=_weight)
    while chain is not None:
        _, end, i, chain = chain
        found[under[end]] = row[i]
    return found


def _weight(chain: tuple) -> int:
    return chain[0]


def _front(chains: list[tuple]) -> list[tuple]:
    """The chains that no other one beats both in its weight and in where it ends."""
    found: list[tuple] = []
    for each in sorted(chains, key=lambda chain: (chain[1], -chain[0])):
        if not found or each[0] > found[-1][0]:
            found.append(each)
    return found
