"""How the arrays of a split are handed to the programs: in the forms that are fastest there.

- Of a sparse field the numbers that are not 0, and their columns.
- Edges that all examples share, once.
- Beside these the first neighbours of each node as a table, where that is faster by `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from graphc.core.types import RECEIVERS, SENDERS, SHARED
from graphc.data.rows import Rows

TABLES = ((100_000, 4), (np.inf, 16))
"""How many places of a table cost as much as one edge that is added to its receiver by itself.

By how many edges there are, up to so many: the more of them, the less of the nodes is in a cache.
Measured on a CPU (`benchmarks graphs --only sums`).
"""
LONGEST = 64


def held(
    splits: Mapping[str, Mapping[str, Any]], sparse: Iterable[str], nodes: int | None
) -> dict[str, dict[str, Any]]:
    """The arrays of all splits as programs take them.

    Args:
        splits: for each split arrays [examples, ...] by field.
        sparse: fields that the program reads as `Sparse`.
        nodes: how many nodes there are, where all graphs have as many.
    """
    known: dict[tuple[int, ...], dict[str, np.ndarray]] = {}

    def once(function: Callable, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """What the function makes of arrays, which splits may have in common."""
        key = tuple(each.__array_interface__["data"][0] for each in arrays)
        if key not in known:
            known[key] = function(*arrays)
        return known[key]

    found = {split: dict(arrays) for split, arrays in splits.items()}
    for arrays in found.values():
        for name in sparse:
            arrays |= once(partial(by_column, name), arrays.pop(name))
        if nodes is not None and all(_is_shared(arrays[each]) for each in (SENDERS, RECEIVERS)):
            ends = (arrays.pop(each)[0] for each in (SENDERS, RECEIVERS))
            arrays |= once(partial(shared_edges, nodes=nodes), *ends)
    return found


def by_column(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of [..., n] that are not 0 and their columns, both [..., most].

    Example:
        >>> by_column("x", np.array([[0.0, 3.0], [2.0, 0.0]]))["x:columns"].tolist()
        [[1], [0]]
    """
    rows = array.reshape(-1, array.shape[-1])
    numbers, places = np.nonzero(rows)
    counts = np.bincount(numbers, minlength=len(rows))
    at = np.arange(len(numbers)) - (np.cumsum(counts) - counts)[numbers]
    most = max(1, int(counts.max(initial=0)))
    columns = np.zeros((len(rows), most), np.int32)
    values = np.zeros((len(rows), most), array.dtype)
    columns[numbers, at], values[numbers, at] = places, rows[numbers, places]
    shape = (*array.shape[:-1], most)
    return {f"{name}:columns": columns.reshape(shape), f"{name}:values": values.reshape(shape)}


def shared_edges(senders: np.ndarray, receivers: np.ndarray, nodes: int) -> dict[str, np.ndarray]:
    """The edges of one graph for all examples, and its tables where these are faster.

    Args:
        senders: [edges].
        receivers: [edges], in their order.
    """
    found = {f"{SHARED}senders": senders, f"{SHARED}receivers": receivers}
    for way, (start, end) in {"into": (senders, receivers), "out_of": (receivers, senders)}.items():
        most = table_length(np.bincount(end, minlength=nodes))
        parts = table(start, end, nodes, most)
        found |= {f"{SHARED}{way}:{part}": array for part, array in parts.items()}
    return found


def table_length(degrees: np.ndarray) -> int:
    """How many neighbours of each node a table has: as many as make it cheapest, or 0 for none.

    Args:
        degrees: how many edges each node has.

    Example:
        >>> table_length(np.array([2, 2, 2, 9]))
        2
    """
    edges = int(degrees.sum())
    price = next(price for most, price in TABLES if edges <= most)
    lengths = np.arange(min(LONGEST, int(degrees.max(initial=0))) + 1)
    rest = [np.maximum(degrees - length, 0).sum() for length in lengths]
    return int(np.argmin(len(degrees) * lengths + price * np.array(rest)))


def table(start: np.ndarray, end: np.ndarray, nodes: int, most: int) -> dict[str, np.ndarray]:
    """The first neighbours of each node, [most, nodes], and the edges that do not fit.

    A place that is left over has the number behind the last node.
    """
    order = np.argsort(end, kind="stable")
    start, end = start[order], end[order]
    degrees = np.bincount(end, minlength=nodes)
    place = np.arange(len(end)) - (np.cumsum(degrees) - degrees)[end]
    fits = place < most
    first = np.full((most, nodes), nodes, np.int32)
    first[place[fits], end[fits]] = start[fits]
    return {"first": first, "senders": start[~fits], "receivers": end[~fits]}


def sums_over_edges(arrays: Mapping[str, Any]) -> str | None:
    """How what comes along edges is added up, of arrays that `held` gave; None without edges."""
    if SENDERS in arrays:
        return "one by one, for each example has edges of its own"
    if f"{SHARED}senders" not in arrays:
        return None
    (most, nodes), rest = (arrays[f"{SHARED}into:{part}"].shape for part in ("first", "senders"))
    if not most:
        return "one by one, for a table would have more places than there are edges"
    text = f"by a table of the first {most} neighbours of each of {nodes:,} nodes"
    return f"{text}, and {rest[0]:,} of {len(arrays[f'{SHARED}senders']):,} edges one by one"


def _is_shared(array: Any) -> bool:
    """Whether it says the same of every example."""
    return not isinstance(array, Rows) and bool((array == array[:1]).all())
