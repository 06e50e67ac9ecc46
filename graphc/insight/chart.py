"""Lines and dots over numbers as SVG: what draws the pictures of runs.

A picture has panels side by side, one scale each, and one legend for all of them. Colours are
readable on light and on dark paper, and distinct for eyes that do not see all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#1f77b4", "#d9601a", "#0b9a72", "#c2529f", "#d19a00", "#4aa8dd", "#7a5cc0", "#8c6d46")
_STYLE = """
.chart text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: #737d8f; }
.chart .title { font-weight: 600; font-size: 13px; fill: #76819a; }
.chart .grid { stroke: #8a93a5; stroke-opacity: .25; }
.chart .base { stroke: #8a93a5; stroke-opacity: .8; }
.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.chart .dashed { stroke-dasharray: 5 4; }
.chart .mark { stroke: #8a93a5; stroke-dasharray: 2 3; }
.chart .dot { fill-opacity: .75; }
.chart .spot { fill-opacity: 0; }
.chart .spot:hover { fill-opacity: .9; }
"""
_WIDTH, _HEIGHT = 460, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 34, 40
_ROW, _LETTER = 22, 7.1
_MOST_SPOTS = 80


@dataclass(frozen=True)
class Line:
    """Points joined by a line.

    Attributes:
        name: what it says where the pointer is on it.
        points: x and y, by rising x; what is not finite is left out.
        colour: its number among `COLOURS`.
        dashed: whether it is broken.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    colour: int = 0
    dashed: bool = False

    def finite(self) -> list[tuple[float, float]]:
        return [(x, y) for x, y in self.points if math.isfinite(y)]


@dataclass(frozen=True)
class Dot:
    """A point by itself.

    Attributes:
        x: how far to the right.
        y: how high.
        name: what it says where the pointer is on it.
        colour: its number among `COLOURS`.
    """

    x: float
    y: float
    name: str
    colour: int = 0


@dataclass(frozen=True)
class Axis:
    """What an axis shows: from where to where, and numbers that are marked, with their texts."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...]

    @classmethod
    def of(cls, values: Sequence[float], count: int, wide: bool) -> Axis:
        """About `count` round marks; with `wide` it goes on to the last mark on both sides.

        An axis that does not has whole numbers, of epochs.
        """
        low, high = min(values), max(values)
        found = ticks(low, high, count, whole=not wide)
        ends = (found[0], found[-1]) if wide else (low, high)
        return cls(*ends, tuple(zip(found, texts(found), strict=True)))


@dataclass(frozen=True)
class Panel:
    """Lines and dots on one pair of axes.

    Attributes:
        title: what y is.
        below: what x is.
        lines: what is drawn, the first one below the others.
        mark: an x that is pointed out, with what it is.
        dots: what is drawn above the lines.
        across: the axis below, and `up` that on the left; None: one that suits what is drawn.
    """

    title: str
    below: str
    lines: tuple[Line, ...] = ()
    mark: tuple[float, str] | None = None
    dots: tuple[Dot, ...] = ()
    across: Axis | None = None
    up: Axis | None = None


def chart(panels: Sequence[Panel], legend: Sequence[Line | Dot], columns: int = 2) -> str:
    """The panels as one SVG document, with what is in `legend` above them, each with its name."""
    columns = max(1, min(columns, len(panels)))
    rows = -(-len(panels) // columns)
    width = columns * _WIDTH
    places, head = _legend_places(legend, width)
    height = head + rows * _HEIGHT
    parts = [
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img">',
        f"<style>{_STYLE}</style>",
        *_legend(legend, places),
    ]
    for i, panel in enumerate(panels):
        x, y = i % columns * _WIDTH, head + i // columns * _HEIGHT
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend_places(
    legend: Sequence[Line | Dot], width: int
) -> tuple[list[tuple[float, float]], int]:
    """Where each entry stands, and how high all of them are."""
    x, y, places = float(_LEFT), 8.0, []
    for each in legend:
        wide = 34 + _LETTER * len(each.name)
        if x + wide > width and x > _LEFT:
            x, y = float(_LEFT), y + _ROW
        places.append((x, y + 8))
        x += wide + 14
    return places, int(y + _ROW) if legend else 0


def _legend(legend: Sequence[Line | Dot], places: list[tuple[float, float]]) -> Iterator[str]:
    for each, (x, y) in zip(legend, places, strict=True):
        if isinstance(each, Line):
            yield f'<path {_stroke(each)} d="M{x:g} {y:g}h22"/>'
        else:
            yield _circle(each, x + 14, y)
        yield f'<text x="{x + 29:g}" y="{y + 4:g}">{escape(each.name)}</text>'


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for line in panel.lines for point in line.finite()]
    points += [(dot.x, dot.y) for dot in panel.dots]
    yield f'<text class="title" x="{_LEFT}" y="20">{escape(panel.title)}</text>'
    if not points:
        yield f'<text x="{_LEFT}" y="{_HEIGHT / 2:g}">no finite number</text>'
        return
    across = panel.across or Axis.of([x for x, _ in points], 6, wide=False)
    up = panel.up or Axis.of([y for _, y in points], 7, wide=True)
    horizontal = Scale(across.low, across.high, _LEFT, _WIDTH - _RIGHT)
    vertical = Scale(up.low, up.high, _HEIGHT - _BOTTOM, _TOP)
    yield from _axes(panel.below, across, up, horizontal, vertical)
    if panel.mark is not None:
        x, text = horizontal(panel.mark[0]), panel.mark[1]
        yield f'<path class="mark" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        side = 'text-anchor="end" ' if x > _WIDTH / 2 else ""
        shift = -5 if side else 5
        yield f'<text {side}x="{x + shift:.1f}" y="{_TOP + 11}">{escape(text)}</text>'
    for line in panel.lines:
        yield from _drawn(line, horizontal, vertical)
    for dot in panel.dots:
        yield _circle(dot, horizontal(dot.x), vertical(dot.y))


def _circle(dot: Dot, x: float, y: float) -> str:
    shown = f'class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{_colour(dot)}"'
    return f"<circle {shown}><title>{escape(dot.name)}</title></circle>"


@dataclass(frozen=True)
class Scale:
    """From numbers to places: `low` is at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def _axes(title: str, across: Axis, up: Axis, horizontal: Scale, vertical: Scale) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for value, text in up.marks:
        y = vertical(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
        yield f'<text text-anchor="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{text}</text>'
    yield f'<path class="base" d="M{_LEFT} {bottom}H{right}"/>'
    for value, text in across.marks:
        if across.low <= value <= across.high:
            x = horizontal(value)
            yield f'<path class="base" d="M{x:.1f} {bottom}v4"/>'
            place = f'x="{x:.1f}" y="{bottom + 17}"'
            yield f'<text text-anchor="middle" {place}>{escape(text)}</text>'
    middle = (_LEFT + right) / 2
    yield f'<text text-anchor="middle" x="{middle:g}" y="{_HEIGHT - 6}">{escape(title)}</text>'


def _drawn(line: Line, horizontal: Scale, vertical: Scale) -> Iterator[str]:
    points = line.finite()
    places = [(horizontal(x), vertical(y)) for x, y in points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield f'<path {_stroke(line)} d="M{path}{"h0" if len(places) == 1 else ""}"/>'
    if len(places) == 1:
        x, y = places[0]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_colour(line)}"/>'
    if len(places) <= _MOST_SPOTS:
        for (x, y), (across, value) in zip(places, points, strict=True):
            text = f"{escape(line.name)}, {across:g}: {value:.4g}"
            spot = f'class="spot" cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{_colour(line)}"'
            yield f"<circle {spot}><title>{text}</title></circle>"


def _stroke(line: Line) -> str:
    dashed = " dashed" if line.dashed else ""
    return f'class="line{dashed}" stroke="{_colour(line)}"'


def _colour(line: Line | Dot) -> str:
    return COLOURS[line.colour % len(COLOURS)]


def ticks(low: float, high: float, count: int, whole: bool = False) -> list[float]:
    """About `count` round numbers whose first and last take in `low` and `high`.

    Example:
        >>> ticks(0.13, 2.31, 7)
        [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
        >>> ticks(1, 20, 6, whole=True)
        [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    if low == high:
        low, high = low - (abs(low) or 1) * 0.05, high + (abs(high) or 1) * 0.05
        if whole:
            return [(low + high) / 2]
    rough = (high - low) / max(count - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def texts(values: Sequence[float]) -> list[str]:
    """Numbers with as many digits as tell them apart.

    Example:
        >>> texts([0.0, 0.5, 1.0]), texts([0.0, 20000.0])
        (['0.0', '0.5', '1.0'], ['0', '20,000'])
    """
    if any(value and not 1e-4 <= abs(value) < 1e7 for value in values):
        return [f"{value:g}" for value in values]
    for digits in range(9):
        if all(abs(round(value, digits) - value) < 1e-9 * max(1, abs(value)) for value in values):
            return [f"{value:,.{digits}f}" for value in values]
    return [f"{value:g}" for value in values]
