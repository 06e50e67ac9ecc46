"""A graph of the data as an SVG picture: its classes, or what a network takes its nodes for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.span import Span
from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.dataset import Dataset
from graphc.data.layout import layout
from graphc.insight.chart import COLOURS
from graphc.ops.sources.graphs import COUNTED

_MOST = 300
_WIDTH, _HEIGHT, _EDGE = 680, 520, 110
_MARGIN, _ROW, _LETTER = 20, 22, 7.1
_UNKNOWN = "#9aa3b2"
_STYLE = """
.graph text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: #737d8f; }
.graph .number { font-size: 9px; fill: #fff; text-anchor: middle; pointer-events: none; }
.graph .edge { fill: none; stroke: #8a93a5; stroke-opacity: .45; }
.graph .head { fill: #8a93a5; fill-opacity: .7; }
.graph .ring { fill: none; stroke: #e03131; stroke-width: 2.2; }
"""


def is_one_graph(dataset: Dataset) -> bool:
    """Whether there is a single example, a graph whose nodes count or do not."""
    return dataset.count("train") == 1 and {COUNTED, SENDERS} <= set(dataset.splits["train"])


def require_one_graph(dataset: Dataset, place: Span | None = None) -> None:
    """Raise RunError GC629 where it is not a graph that the data is."""
    if not is_one_graph(dataset):
        message = "the data is no graph whose nodes are predicted"
        help = "`graphc data SPEC --picture FILE.svg` draws examples of any data"
        raise RunError(Diagnostic("GC629", message, place, help=help))


def graph_picture(dataset: Dataset, guesses: np.ndarray | None = None) -> str:
    """The graph of a data set, of a large one the part around the first node to learn from.

    Args:
        dataset: one whose only example is a graph.
        guesses: int [nodes], the classes that a network says, which are the colours then; what is
            not the target has a ring.
    """
    return "\n".join([*_Picture(dataset, guesses).lines(), ""])


@dataclass(frozen=True, eq=False)
class _Picture:
    dataset: Dataset
    guesses: np.ndarray | None

    def lines(self) -> Iterator[str]:
        shown = self.shown
        inside = np.isin(self.edges, shown).all(axis=0)
        edges = np.searchsorted(shown, self.edges[:, inside])
        places = layout(len(shown), edges)
        size = np.maximum(places.max(axis=0), 1e-9)
        scale = min(_EDGE, _WIDTH / size[0], _HEIGHT / size[1])
        places = places * scale + _MARGIN
        entries = list(self._legend())
        ends = _ends(entries, max(size[0] * scale + 2 * _MARGIN, _WIDTH / 2))
        width = max(size[0] * scale + 2 * _MARGIN, *(x for x, _ in ends))
        head = ends[-1][1] + _ROW
        height = head + size[1] * scale + 2 * _MARGIN
        yield (
            f'<svg class="graph" xmlns="http://www.w3.org/2000/svg"'
            f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
            f' role="img">'
        )
        yield f"<style>{_STYLE}</style>"
        for (mark, text), (x, y) in zip(entries, ends, strict=True):
            left = x - _wide(text)
            yield f'<g transform="translate({left + 8:.0f} {y + 12:.0f})">{mark}</g>'
            yield f'<text x="{left + 20:.0f}" y="{y + 16:.0f}">{escape(text)}</text>'
        yield f'<g transform="translate(0 {head:.0f})">'
        yield from self._edges(places, edges)
        for node, (x, y) in zip(shown, places, strict=True):
            yield f'<g transform="translate({x:.1f} {y:.1f})">{self._node(int(node))}</g>'
        yield "</g>"
        yield "</svg>"

    @cached_property
    def counted(self) -> dict[str, np.ndarray]:
        """The nodes that count in each split."""
        return {name: arrays[COUNTED][0] for name, arrays in self.dataset.splits.items()}

    @cached_property
    def judged(self) -> np.ndarray:
        """The nodes whose target is known."""
        return np.any(list(self.counted.values()), axis=0)

    @cached_property
    def target(self) -> np.ndarray | None:
        """The class of each node, -1 where that is not known; None where there are no classes."""
        kind = self.dataset.fields[self.dataset.target]
        if kind.dtype == "float" or kind.shape:
            return None
        return np.where(self.judged, self.dataset.splits["train"][self.dataset.target][0], -1)

    @cached_property
    def colours(self) -> np.ndarray:
        """The class that each node has the colour of; -1 for none."""
        if self.guesses is not None:
            return self.guesses
        return np.full(len(self.judged), -1) if self.target is None else self.target

    @cached_property
    def wrong(self) -> np.ndarray:
        if self.guesses is None or self.target is None:
            return np.zeros(len(self.judged), bool)
        return self.judged & (self.guesses != self.target)

    @cached_property
    def edges(self) -> np.ndarray:
        """Each edge that is drawn once: int [2, edges]."""
        arrays = self.dataset.splits["train"]
        ends = np.stack([arrays[SENDERS][0], arrays[RECEIVERS][0]])
        return ends if self.dataset.directed else ends[:, ends[0] < ends[1]]

    @cached_property
    def shown(self) -> np.ndarray:
        """The nodes that are drawn, in their order."""
        import networkx

        count = len(self.judged)
        if count <= _MOST:
            return np.arange(count)
        graph = networkx.Graph(self.edges.T.tolist())
        graph.add_nodes_from(range(count))
        start = int(np.flatnonzero(self.counted["train"])[0])
        near = [start, *(node for _, node in networkx.bfs_edges(graph, start))]
        return np.sort(near[:_MOST])

    @cached_property
    def radius(self) -> float:
        return 9.0 if len(self.shown) <= 60 else 6.5 if len(self.shown) <= 120 else 4.5

    def _class(self, number: int) -> str:
        names = self.dataset.class_names
        return names[number] if names and number < len(names) else str(number)

    def _legend(self) -> Iterator[tuple[str, str]]:
        """Marks, and what they mean."""
        shown = self.shown
        classes = self.target is not None
        for number in np.unique(self.colours[shown]) if classes else ():
            text = self._class(int(number)) if number >= 0 else "in no split"
            yield _disc(_colour(int(number)), 6), text
        if self.counted["train"][shown].any():
            yield _disc(_UNKNOWN, 6, square=True), "learned from"
        if self.guesses is not None:
            count = int(self.wrong[shown].sum())
            yield '<circle class="ring" r="6.5"/>', f"wrong: {count:,}"
        if len(shown) < len(self.judged):
            yield "", f"{len(shown):,} of {len(self.judged):,} nodes"

    def _node(self, node: int) -> str:
        number, radius = int(self.colours[node]), self.radius
        square = bool(self.counted["train"][node])
        parts = [f"<title>{escape(self._said(node))}</title>"]
        parts.append(_disc(_colour(number), radius, square))
        if self.wrong[node]:
            parts.append(f'<circle class="ring" r="{radius + 3.5:g}"/>')
        if len(self.shown) <= 60:
            parts.append(f'<text class="number" y="3">{node}</text>')
        return "".join(parts)

    def _said(self, node: int) -> str:
        names = self.dataset.node_names
        text = f"node {names[node] if names else node}"
        if self.target is not None and self.judged[node]:
            text += f", is {self._class(int(self.target[node]))}"
        return text if self.guesses is None else f"{text}, says {self._class(self.guesses[node])}"

    def _edges(self, places: np.ndarray, edges: np.ndarray) -> Iterator[str]:
        lines = places[edges]  # [2, edges, 2]
        path = "".join(
            f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for (a, b), (c, d) in zip(*lines, strict=True)
        )
        yield f'<path class="edge" d="{path}"/>'
        if self.dataset.directed:
            yield f'<path class="head" d="{"".join(map(self._head, *lines))}"/>'

    def _head(self, start: np.ndarray, end: np.ndarray) -> str:
        """The tip of an arrow that ends at the border of a node."""
        way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
        tip, side = end - way * self.radius, np.array([-way[1], way[0]])
        corners = (tip, tip - 7 * way + 3 * side, tip - 7 * way - 3 * side)
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"


def _disc(colour: str, radius: float, square: bool = False) -> str:
    if square:
        side = 1.8 * radius
        place = f'x="{-side / 2:g}" y="{-side / 2:g}" width="{side:g}" height="{side:g}"'
        return f'<rect {place} fill="{colour}"/>'
    return f'<circle r="{radius:g}" fill="{colour}"/>'


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)] if number >= 0 else _UNKNOWN


def _wide(text: str) -> float:
    """How wide an entry of the legend is."""
    return 40 + _LETTER * len(text)


def _ends(entries: list[tuple[str, str]], width: float) -> list[tuple[float, float]]:
    """The right end and the top of each entry of the legend, in rows."""
    x, y, found = float(_MARGIN / 2), 6.0, []
    for _, text in entries:
        if x > _MARGIN and x + _wide(text) > width:
            x, y = float(_MARGIN / 2), y + _ROW
        x += _wide(text)
        found.append((x, y))
    return found
