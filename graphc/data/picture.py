"""A few training examples as an SVG picture: images and graphs as such, other numbers as lines."""

from __future__ import annotations

from html import escape

import numpy as np

from graphc.data.dataset import Dataset
from graphc.data.graph_picture import graph_picture, is_one_graph
from graphc.data.png import data_uri, is_image
from graphc.data.several_graphs import are_graphs
from graphc.data.small_graphs import small_graph

_COLUMNS, _ROWS = 8, 3
_CELL, _GAP, _TEXT = 96, 12, 16
_STYLE = "font: 11px sans-serif; fill: #444"


def picture(dataset: Dataset) -> str:
    """The first training examples with what is predicted for them; classes take turns."""
    if is_one_graph(dataset):
        return graph_picture(dataset)
    rows = _chosen(dataset)
    width = _COLUMNS * (_CELL + _GAP) + _GAP
    height = -(-len(rows) // _COLUMNS) * (_CELL + _GAP + _TEXT) + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><rect width="100%" height="100%" fill="white"/>'
    ]
    for place, row in enumerate(rows):
        x = _GAP + place % _COLUMNS * (_CELL + _GAP)
        y = _GAP + place // _COLUMNS * (_CELL + _GAP + _TEXT)
        parts.append(f'<g transform="translate({x} {y})">{_example(dataset, row)}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _chosen(dataset: Dataset) -> list[int]:
    """The rows that are shown: of each class in turn, where there are classes."""
    target, count = dataset.splits["train"][dataset.target], _COLUMNS * _ROWS
    if dataset.fields[dataset.target].dtype != "int" or target.ndim > 1:
        return list(range(min(count, len(target))))
    queues = [np.flatnonzero(target == each)[:count] for each in np.unique(target)]
    turns = (int(queue[i]) for i in range(count) for queue in queues if i < len(queue))
    return [row for row, _ in zip(turns, range(count), strict=False)]


def _example(dataset: Dataset, row: int) -> str:
    arrays, target = dataset.splits["train"], dataset.target
    label = escape(_label(dataset, arrays[target][row]))
    text = f'<text y="{_CELL + 12}" style="{_STYLE}">{label}</text>'
    if are_graphs(dataset):
        return small_graph(arrays, row, _CELL) + text
    inputs = [name for name in dataset.fields if name != target]
    # The field with most numbers says most of an example.
    name = max(inputs, key=lambda each: dataset.fields[each].size)
    value = arrays[name][row]
    image = is_image(value.shape)
    drawn = _image(value, *_bounds(arrays[name])) if image else _line(value.ravel())
    return drawn + text


def _bounds(images: np.ndarray) -> tuple[float, float]:
    """The values of black and of white: 0 and 1, or beyond that what the first images hold."""
    some = images[:256]
    return min(0.0, float(some.min())), max(1.0, float(some.max()))


def _label(dataset: Dataset, value: np.ndarray) -> str:
    if dataset.fields[dataset.target].dtype == "int" and not value.ndim:
        return dataset.class_names[value] if dataset.class_names else str(value)
    return f"{value.ravel()[0]:.4g}" if value.size == 1 else f"{list(value.shape)}"


def _image(value: np.ndarray, low: float, high: float) -> str:
    return (
        f'<image width="{_CELL}" height="{_CELL}" style="image-rendering: pixelated"'
        f' href="{data_uri(value, low, high)}"/>'
    )


def _line(values: np.ndarray) -> str:
    """The numbers of an example from left to right, between the smallest and the largest."""
    values = values.astype(np.float64)
    values = np.repeat(values, 2) if len(values) == 1 else values
    low, span = values.min(), np.ptp(values) or 1.0
    across = np.linspace(0, _CELL, len(values))
    up = _CELL - (values - low) / span * _CELL
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, up, strict=True))
    frame = f'<rect width="{_CELL}" height="{_CELL}" fill="none" stroke="#ddd"/>'
    return f'{frame}<polyline points="{points}" fill="none" stroke="#1f77b4"/>'
