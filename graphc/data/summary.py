"""What a data set holds, split by split: shapes, ranges, missing values, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from graphc.core.types import Type
from graphc.data.dataset import Dataset
from graphc.data.graphs import belongs_to_graph, counting, facts, graph_as_text, is_graph
from graphc.data.links import facts_of_links, is_of_links, links_as_text
from graphc.data.rows import Array, pieces
from graphc.data.several_graphs import are_graphs, facts_of_several, graphs_as_text
from graphc.ops.sources import DataSource, TableSource

_HEADER = ("field", "type", "split", "smallest", "largest", "mean", "deviation", "missing")
_MOST_CLASSES = 40


def summary(source: DataSource, dataset: Dataset) -> dict[str, Any]:
    """All of it as plain data: `fields`, `classes` and how many examples each split has.

    The numbers are those that the network sees, which are scaled as the source says.
    """
    fields = {
        name: {
            "shape": list(kind.shape),
            "dtype": kind.dtype,
            "below": kind.below,
            "target": name == dataset.target,
            "splits": {
                split: _range(counting(dataset, split, name))
                | {"missing": _missing(source, dataset, split, name)}
                for split in dataset.splits
            },
        }
        for name, kind in dataset.fields.items()
        if not belongs_to_graph(name)
    }
    of_links = is_of_links(dataset.fields)
    return {
        "source": source.name,
        "streamed": dataset.streamed,
        "examples": {split: dataset.count(split) for split in dataset.splits},
        "fields": fields,
        "classes": _classes(dataset),
        "columns": None if dataset.columns is None else dataset.columns.as_dict(),
        **({"links": facts_of_links(dataset)} if of_links else {}),
        **({"graph": facts(dataset)} if is_graph(dataset) and not of_links else {}),
        **({"graphs": facts_of_several(dataset)} if are_graphs(dataset) else {}),
    }


def _range(array: Array) -> dict[str, float]:
    bounds = [(piece.min(), piece.max()) for _, piece in pieces(array) if piece.size]
    size = sum(piece.size for _, piece in pieces(array))
    if not size:
        return {}
    mean = sum(float(piece.sum(dtype=np.float64)) for _, piece in pieces(array)) / size
    squares = sum(float(((piece - mean) ** 2).sum()) for _, piece in pieces(array))
    return {
        "smallest": float(min(low for low, _ in bounds)),
        "largest": float(max(high for _, high in bounds)),
        "mean": mean,
        "deviation": (squares / size) ** 0.5,
    }


def _missing(source: DataSource, dataset: Dataset, split: str, field: str) -> int:
    """How many values were filled in, or are a category of their own."""
    count = dataset.missing.get(split, {}).get(field, 0)
    columns = dataset.columns
    if columns is None or not isinstance(source, TableSource):
        return count
    array = dataset.splits[split][field]
    if field in columns.index:
        return int((array == len(columns.index[field])).sum())
    if field == "features":
        place = len(columns.numbers)
        for name, known in columns.one_hot.items():
            if source.values(name, known) > len(known):
                column = place + len(known)
                count += sum(int(piece[..., column].sum()) for _, piece in pieces(array))
            place += source.values(name, known)
    return count


def _classes(dataset: Dataset) -> dict[str, dict[str, int]]:
    """For each class its count in every split; empty where the target is a quantity."""
    kind = dataset.fields[dataset.target]
    if kind.dtype != "int":
        return {}
    counts = {
        split: _counts(counting(dataset, split, dataset.target), kind.below or 0)
        for split in dataset.splits
    }
    classes = max(map(len, counts.values()))
    names = dataset.class_names or tuple(map(str, range(classes)))
    return {
        name: {split: int(each[i]) if i < len(each) else 0 for split, each in counts.items()}
        for i, name in enumerate(names)
    }


def _counts(array: Array, least: int) -> np.ndarray:
    """How often each class is there; they may be more than are declared."""
    found = np.zeros(least, np.int64)
    for _, piece in pieces(array):
        more = np.bincount(piece.ravel(), minlength=len(found))
        more[: len(found)] += found
        found = more
    return found


def as_text(found: Mapping[str, Any]) -> str:
    """The summary as tables."""
    counts = found["examples"]
    if "links" in found:
        return _with_tables(f"{found['source']}, {links_as_text(found['links'])}", found, counts)
    graph = graph_as_text(found["graph"]) if "graph" in found else ""
    if graph and found["graph"]["counted"]:
        return _with_tables(f"{found['source']}, {graph}", found, counts)
    parts = ", ".join(f"{split} {count:,}" for split, count in counts.items())
    streamed = ", streamed" if found["streamed"] else ""
    text = f"{found['source']}, {sum(counts.values()):,} examples{streamed}: {parts}"
    text += f"\neach over {graph}" if graph else ""
    text += graphs_as_text(found["graphs"]) if "graphs" in found else ""
    return _with_tables(text, found, counts)


def _with_tables(text: str, found: Mapping[str, Any], counts: Iterable[str]) -> str:
    """The tables of fields and classes below a text."""
    text += "\n\n"
    text += _aligned([_HEADER, *_field_rows(found["fields"])], left=3)
    classes = found["classes"]
    if classes:
        shown = list(classes.items())[:_MOST_CLASSES]
        rows = [("class", *counts), *((name, *map(str, each.values())) for name, each in shown)]
        text += "\n" + _aligned(rows, left=1)
        if len(classes) > len(shown):
            text += f"... {len(classes) - len(shown)} further classes\n"
    return text


def _field_rows(fields: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, each in fields.items():
        kind = str(Type(tuple(each["shape"]), each["dtype"], each["below"]))
        for split, measures in each["splits"].items():
            numbers = (f"{measures[key]:.4g}" if key in measures else "" for key in _HEADER[3:7])
            yield name, kind, split, *numbers, str(measures["missing"])
            name = kind = ""


def _aligned(rows: Iterable[tuple[str, ...]], left: int) -> str:
    """Rows as columns of text: the first `left` flush left, the others flush right."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)
