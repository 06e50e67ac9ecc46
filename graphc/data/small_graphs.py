"""A graph of a data set of several as a small drawing: its nodes, and lines for its edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.layout import layout
from graphc.data.several_graphs import LENGTHS

_RADIUS = 1.8
_LINES = 'fill="none" stroke="#9bb" stroke-width="0.7"'


def small_graph(arrays: Mapping[str, Any], row: int, size: int) -> str:
    """The elements of an SVG of so many pixels."""
    senders, receivers, nodes = (arrays[name][row] for name in (SENDERS, RECEIVERS, LENGTHS))
    pairs = np.stack([senders, receivers])[:, receivers < nodes]
    places = layout(int(nodes), pairs)
    span = places.max() or 1.0
    free = (span - places.max(axis=0)) / 2
    places = _RADIUS + (places + free) / span * (size - 2 * _RADIUS)
    path = "".join(_line(places[a], places[b]) for a, b in np.unique(np.sort(pairs.T), axis=0))
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}"/>' for x, y in places)
    return f'<path d="{path}" {_LINES}/><g fill="#1f77b4">{dots}</g>'


def _line(a: np.ndarray, b: np.ndarray) -> str:
    return f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}"
