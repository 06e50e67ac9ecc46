"""The boxes of a page as HTML, level in level, and what its script is told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

from graphc.core.types import Type
from graphc.insight.cost import Cost
from graphc.insight.levels import Item, Level, Port, Wire
from graphc.insight.page.box import content, costs, note, shape
from graphc.insight.page.layers import Lane, Layout, layered
from graphc.insight.page.texts import Sources, hue
from graphc.insight.picture import Edge, Group, Picture, Point

_SHOWN = 24
"""How many boxes are shown at first, if folding can make it so few."""


class Boxes:
    """Writes every level once.

    Args:
        root: the whole picture.
        cost: what shares are shares of.
        sources: the files that it points into.
    """

    def __init__(self, root: Level, picture: Picture, cost: Cost, sources: Sources) -> None:
        self.root, self.cost, self.sources = root, cost, sources
        self.numbers = {each.id: i for i, each in enumerate([*picture.points, *picture.groups])}
        self.reads: dict[str, dict[str, None]] = {}
        self.types: dict[str, dict[str | None, Type]] = {}
        for edge in picture.edges:
            word = f"{edge.source}.{edge.port}" if edge.port else edge.source
            text = f"{edge.input} = {word}" if edge.input else word
            self.reads.setdefault(edge.target, {})[text] = None
            if edge.type is not None:
                self.types.setdefault(edge.source, {})[edge.port] = edge.type
        self.keys: dict[Item, int] = {}
        self.wires: list[list[list]] = []
        self.notes: dict[str, dict] = {}

    def html(self, main: str) -> str:
        """All networks, that called `main` unfolded."""
        opened = _opened(self.root, main)
        levels = self.root.levels.values()
        if not any(each.group.kind == "network" for each in levels if each.group):
            return "".join(self._grid(self.root, 1, opened))
        return "".join(part for each in levels for part in self._network(each, opened))

    def _network(self, level: Level, opened: set[int]) -> Iterator[str]:
        group = level.group
        assert group is not None
        is_open = " open" if id(level) in opened else ""
        yield f'<details class="network" id="{self._id(group.id)}"{is_open}>'
        yield f"<summary><b>{escape(group.name)}</b> {costs(level.cost)}</summary>"
        yield from self._grid(level, 1, opened)
        yield "</details>"

    def _grid(self, level: Level, times: int, opened: set[int]) -> Iterator[str]:
        """One level, which is there so many times: everything in it at its place, row by row."""
        number = len(self.wires)
        self.wires.append([])
        layout = self._laid_out(level)
        sizes = f"--rows:{layout.rows};--columns:{layout.columns}"
        yield f'<div class="grid" data-grid="{number}" style="{sizes}">'
        for cell in sorted(layout.places, key=layout.places.__getitem__):
            row, column = layout.places[cell]
            area = f'style="grid-area:{row + 1}/{column + 1}"'
            if isinstance(cell, Port):
                yield f'<b class="port {cell.kind}" data-key="{self._key(cell)}" {area}></b>'
            elif isinstance(cell, Lane):
                continue
            elif cell in level.points:
                yield f'<div class="cell" {area}>{self._point(level.points[cell], times)}</div>'
            else:
                yield f'<div class="cell" {area}>'
                yield from self._group(level.levels[cell], times, opened)
                yield "</div>"
        yield "</div>"
        self.wires[number] = [self._wire(level, wire, layout) for wire in level.wires]

    def _point(self, point: Point, times: int) -> str:
        times *= point.count
        reads = self.reads.get(point.id, {})
        self.notes[self._id(point.id)] = note(
            point, point.cost, times, self.sources.place(point.span), reads
        )
        words = ", ".join(each.rpartition("/")[2] for each in reads)
        ports = self.types.get(point.id, {}) if point.kind != "output" else {}
        inside = content(point, point.cost, times, self.cost)
        inside += f'<p class="reads">reads {escape(words)}</p>' if words else ""
        inside += self._link(point)
        tag = f"article class={self._classes(point)} tabindex=0"
        return f"{self._start(tag, point)}{inside}</article>{shape(ports.items())}"

    def _group(self, level: Level, times: int, opened: set[int]) -> Iterator[str]:
        group = level.group
        assert group is not None
        times *= group.count
        self.notes[self._id(group.id)] = note(
            group, level.cost, times, self.sources.place(group.span)
        )
        outs = [each.value for each in level.ports if each.kind == "out"]
        types = [(each.port, self.types[each.point][each.port]) for each in outs]
        is_open = " open" if id(level) in opened else ""
        many = " many" if group.count > 1 else ""
        yield f'<details class="group{many}"{is_open}>'
        yield self._start("summary class=box", group)
        yield content(group, level.cost, times, self.cost) + self._link(group) + "</summary>"
        yield from self._grid(level, times, opened)
        yield f"</details>{shape(types)}"

    def _start(self, tag: str, each: Point | Group) -> str:
        """The start of the element of a box: its name, its line, its colour."""
        line = self.sources.line(each.span)
        found = hue(each.operation)
        colour = "" if found is None else f' style="--hue:{found}"'
        key = f"id={self._id(each.id)} data-key={self._key(each.id)}"
        return f"<{tag} {key}{f' data-line={line}' if line else ''}{colour}>"

    def _classes(self, point: Point) -> str:
        many = " many" if point.count > 1 else ""
        return f'"box {point.kind}{many}"'

    def _link(self, each: Point | Group) -> str:
        """Links to its line, and from the call of a network to that."""
        line, links = self.sources.line(each.span), ""
        if isinstance(each, Point) and each.kind == "network":
            called = self._id(each.operation.removeprefix("network "))
            links = f'<a class="call" href="#{called}">see it</a>'
        if line:
            links += f'<a class="place" href="#{line}">{escape(self.sources.place(each.span))}</a>'
        return links

    def _laid_out(self, level: Level) -> Layout:
        """The layout, in the order of the points where nothing else decides."""
        places = {name: self.numbers[name] for name in level.points}
        for name, inner in level.levels.items():
            inside = (self.numbers[point] for each in inner.all() for point in each.points)
            places[name] = min(inside, default=0)
        first = [each for each in level.ports if each.kind == "in"]
        last = [each for each in level.ports if each.kind == "out"]
        items: list[Item] = [*first, *sorted(places, key=places.__getitem__), *last]
        forward = (wire for wire, edges in level.wires.items() if not _delayed(edges))
        return layered(items, forward, first, last)

    def _wire(self, level: Level, wire: Wire, layout: Layout) -> list:
        """A wire for the script: its ends, its points, and the row and column of every lane.

        At a group it ends at the group's port, which lies inside.
        """
        source, target = wire.source, wire.target
        start, end = source, target
        if isinstance(source, str) and source in level.levels:
            start = Port(source, "out", wire.value)
        if isinstance(target, str) and target in level.levels:
            end = Port(target, "in", wire.value)
        return [
            self._key(start),
            self._key(end),
            self.numbers[wire.value.point],
            [self.numbers[each] for each in {edge.target: None for edge in level.wires[wire]}],
            [number for lane in layout.lanes.get(wire, ()) for number in layout.places[lane]],
        ]

    def _key(self, cell: Item) -> int:
        """The number of a point, a group or a port on the page."""
        return self.keys.setdefault(cell, len(self.keys))

    def _id(self, name: str) -> str:
        return f"n{self.numbers[name]}"

    def data(self) -> str:
        """For the script: the wires of each level, and what is said of each box."""
        text = json.dumps({"wires": self.wires, "notes": self.notes}, separators=(",", ":"))
        return text.replace("<", "\\u003c")


def _delayed(edges: list[Edge]) -> bool:
    """Whether a wire only leads to other steps: the layout, which has no cycles, leaves it out."""
    return all(edge.delayed for edge in edges)


def _opened(root: Level, main: str) -> set[int]:
    """The levels that are unfolded at first: from the outside in, while boxes are few.

    A block that is repeated stays folded, for all its copies look alike, and so does every network
    but the main one.
    """
    opened, count, waiting = {id(root)}, root.size, [root]
    while waiting:
        for inner in waiting.pop(0).levels.values():
            group = inner.group
            assert group is not None
            shown = group.name == main if group.kind == "network" else group.count == 1
            if shown and (count + inner.size <= _SHOWN or group.kind == "network"):
                opened.add(id(inner))
                waiting.append(inner)
                count += inner.size
    return opened
