"""The training of several objectives as SVG: from values to objectives, and to what these move.

Each objective has a colour, which what it moves has too, and the calls of that among the values.
Dashed arrows lead from objectives to what they move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from graphc.insight.chart import COLOURS
from graphc.insight.levels import Value, Wire
from graphc.insight.page.layers import Cell, Layout, layered
from graphc.insight.players.scene import Scene, Shown

_STYLE = """
text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: #566073; }
.name { font-weight: 600; font-size: 13px; fill: #1c2333; }
.more { font-size: 11px; fill: #8089a0; }
.head { font-size: 11px; letter-spacing: .06em; fill: #8089a0; }
.box { fill: white; stroke: #b6bdcc; stroke-width: 1.2; }
.wire { fill: none; stroke: #a3abbc; stroke-width: 1.3; }
.moves { fill: none; stroke-width: 1.6; stroke-dasharray: 6 4; }
"""
_HEIGHT, _LINE, _GAP, _SPACE = 74, 16, 20, 64
_MARGIN, _HEAD, _FOOT = 24, 44, 40
_LETTER, _WIDE, _LONGEST = 6.7, 96, 48
_GREY = "#8a93a5"


@dataclass(frozen=True)
class _Box:
    shown: Shown
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        return self.y + _HEIGHT / 2

    @property
    def right(self) -> float:
        return self.x + self.width


def training_svg(scene: Scene) -> str:
    """The whole as one document."""
    colours = {each.name: COLOURS[i % len(COLOURS)] for i, each in enumerate(scene.objectives)}
    ids = [each.id for each in (*scene.values, *scene.objectives)]
    wires = [Wire(source, Value(source), target) for source, target in scene.wires]
    layout = layered(ids, wires, last=[each.id for each in scene.objectives])
    shown = {each.id: each for each in (*scene.values, *scene.objectives)}
    starts, widths = _rows(layout, shown)
    boxes = {
        id: _Box(shown[id], starts[row], _MARGIN + _HEAD + column * (_HEIGHT + _GAP), widths[row])
        for id in ids
        for row, column in [layout.places[id]]
    }
    last = max(boxes[each.id].right for each in scene.objectives)
    moved = _moved(scene, boxes, last + _SPACE * 1.3)
    every = [*boxes.values(), *moved]
    width = max(each.right for each in every) + _MARGIN
    height = max(each.y for each in every) + _HEIGHT + _FOOT + _MARGIN
    ends = {each.id for each in scene.objectives}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" role="img"><style>{_STYLE}</style>'
        '<rect width="100%" height="100%" fill="#fbfcfe"/>',
        *_arrowheads(colours),
        *_heads(boxes[scene.objectives[0].id].x, moved[0].x if moved else None),
        *(_wire(each, layout, boxes, starts, widths) for each in wires),
        *_ownership(scene, boxes, moved, colours),
    ]
    for each in boxes.values():
        owner = each.shown.name if each.shown.id in ends else next(iter(each.shown.owners), None)
        parts += _box(each, colours.get(owner or "", ""), round_=each.shown.id in ends)
    for each in moved:
        owner = next(iter(each.shown.owners), "")
        parts += _box(each, colours.get(owner, _GREY))
    parts.append(f'<text x="{_MARGIN}" y="{height - _MARGIN:.0f}">{escape(scene.schedule)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rows(layout: Layout, shown: Mapping[str, Shown]) -> tuple[list[float], list[float]]:
    """Where the boxes of each row begin, from the left, and how wide they are."""
    widths = [float(_WIDE)] * layout.rows
    for id, each in shown.items():
        row, _ = layout.places[id]
        widths[row] = max(widths[row], _width(each))
    starts, x = [], float(_MARGIN)
    for width in widths:
        starts.append(x)
        x += width + _SPACE
    return starts, widths


def _width(each: Shown) -> float:
    texts = (each.name, *_in_lines(each.text), each.more)
    return max(_WIDE, 26 + _LETTER * max(map(len, texts)))


def _in_lines(text: str) -> list[str]:
    """Two lines at most."""
    return wrap(text, _LONGEST, max_lines=2, placeholder=" ...")


def _moved(scene: Scene, boxes: Mapping[str, _Box], x: float) -> list[_Box]:
    """What is moved, as near to its first owner as there is room."""
    owners = {each.name: boxes[each.id].y for each in scene.objectives}
    width = max(map(_width, scene.moved), default=0)
    lowest = max(owners.values())
    wanted = [
        (min((owners[name] for name in each.owners), default=lowest + 1), each)
        for each in scene.moved
    ]
    found: list[_Box] = []
    for y, each in sorted(wanted, key=lambda pair: pair[0]):
        free = found[-1].y + _HEIGHT + _GAP if found else 0
        found.append(_Box(each, x, max(y, free), width))
    return found


def _heads(objectives: float, moved: float | None) -> Iterator[str]:
    places = {"VALUES": float(_MARGIN), "OBJECTIVES": objectives}
    places |= {} if moved is None else {"WHAT THEY MOVE": moved}
    for word, x in places.items():
        yield f'<text class="head" x="{x:.1f}" y="{_MARGIN + 10}">{word}</text>'


def _arrowheads(colours: Mapping[str, str]) -> Iterator[str]:
    yield "<defs>"
    for number, colour in enumerate(["#a3abbc", *colours.values()]):
        yield (
            f'<marker id="end{number}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            f' markerHeight="7" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="{colour}"/>'
            "</marker>"
        )
    yield "</defs>"


def _wire(
    wire: Wire,
    layout: Layout,
    boxes: Mapping[str, _Box],
    starts: Sequence[float],
    widths: Sequence[float],
) -> str:
    """From the right of a value to the left of what reads it, through its lanes."""
    source, target = boxes[str(wire.source)], boxes[str(wire.target)]
    points = [(source.right, source.middle)]
    for lane in layout.lanes[wire]:
        y = _middle(layout, lane)
        points += [(starts[lane.row], y), (starts[lane.row] + widths[lane.row], y)]
    points.append((target.x - 2, target.middle))
    return f'<path class="wire" marker-end="url(#end0)" d="{_curve(points)}"/>'


def _middle(layout: Layout, cell: Cell) -> float:
    return _MARGIN + _HEAD + layout.places[cell][1] * (_HEIGHT + _GAP) + _HEIGHT / 2


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """Through points from left to right, level in each of them."""
    (x, y), *others = points
    path = [f"M{x:.1f} {y:.1f}"]
    for across, down in others:
        half = (x + across) / 2
        path.append(f"C{half:.1f} {y:.1f} {half:.1f} {down:.1f} {across:.1f} {down:.1f}")
        x, y = across, down
    return "".join(path)


def _ownership(
    scene: Scene, boxes: Mapping[str, _Box], moved: Sequence[_Box], colours: Mapping[str, str]
) -> Iterator[str]:
    numbers = {name: number for number, name in enumerate(colours, 1)}
    for objective in scene.objectives:
        source = boxes[objective.id]
        for each in moved:
            if objective.name in each.shown.owners:
                path = _curve([(source.right, source.middle), (each.x - 2, each.middle)])
                number, colour = numbers[objective.name], colours[objective.name]
                end = f'marker-end="url(#end{number})"'
                yield f'<path class="moves" stroke="{colour}" {end} d="{path}"/>'


def _box(box: _Box, colour: str, round_: bool = False) -> Iterator[str]:
    each, radius = box.shown, _HEIGHT / 2 if round_ else 7
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{_HEIGHT}"'
    paint = f' style="fill: {_light(colour)}; stroke: {colour}"' if colour else ""
    title = f"<title>{escape(f'{each.name}: {each.text}')}</title>"
    yield f'<rect class="box" {place} rx="{radius:g}"{paint}>{title}</rect>'
    middle = box.x + box.width / 2
    lines = [("name", each.name), *(("text", line) for line in _in_lines(each.text))]
    lines += [("more", each.more)] * bool(each.more)
    first = box.middle + 4 - _LINE * (len(lines) - 1) / 2
    for number, (style, text) in enumerate(lines):
        where = f'x="{middle:.1f}" y="{first + number * _LINE:.1f}" text-anchor="middle"'
        yield f'<text class="{style}" {where}>{escape(text)}</text>'


def _light(colour: str) -> str:
    """The colour as a tint on white."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - each) * 0.12):02x}" for each in parts)
