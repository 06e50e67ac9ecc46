"""The forms in which programs are handed the edges of graphs: those that are fastest there.

- One by one: the ends of every edge. They are always there, for not all that goes along edges has
  another form.
- A table: the first neighbours of each node of a graph that all examples share, and the edges that
  do not fit. Adding up its rows takes a fraction of the time.
- A matrix: how many edges lead from one node to another, for every pair of them. It takes the time
  of a product, which is little where many of the pairs are joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphc.core.forms import Prices
from graphc.core.types import MATRIX, SENDERS, SHARED
from graphc.data.places import cheapest, place_in_row

LONGEST = 64
_MOST = np.iinfo(np.int8).max


def shared_edges(
    senders: np.ndarray, receivers: np.ndarray, nodes: int, prices: Prices
) -> dict[str, np.ndarray]:
    """The edges of one graph for all examples, and its matrix or tables where these are faster.

    Args:
        senders: [edges].
        receivers: [edges], in their order.
    """
    found = {f"{SHARED}senders": senders, f"{SHARED}receivers": receivers}
    if nodes**2 <= prices.matrix * len(senders):
        each = matrices(senders[None], receivers[None], nodes)
        return found if each is None else found | {f"{SHARED}matrix": each[0]}
    for way, (start, end) in {"into": (senders, receivers), "out_of": (receivers, senders)}.items():
        most = table_length(np.bincount(end, minlength=nodes), prices)
        parts = table(start, end, nodes, most)
        found |= {f"{SHARED}{way}:{part}": array for part, array in parts.items()}
    return found


def edges_of_each(
    senders: np.ndarray, receivers: np.ndarray, nodes: int, prices: Prices
) -> dict[str, np.ndarray]:
    """The matrices of graphs of which each example has its own, where these are faster.

    Args:
        senders: [graphs, edges].
        receivers: [graphs, edges], behind the last node where an edge pads a graph.
    """
    if nodes**2 > prices.matrix * senders.shape[1]:
        return {}
    found = matrices(senders, receivers, nodes)
    return {} if found is None else {MATRIX: found}


def matrices(senders: np.ndarray, receivers: np.ndarray, nodes: int) -> np.ndarray | None:
    """How many edges lead to each node from each other, of graphs [graphs, edges].

    Returns:
        int8 [graphs, receivers, senders]; None where there are more than that holds.

    Example:
        >>> matrices(np.array([[1, 1, 2]]), np.array([[0, 0, 2]]), 2).tolist()
        [[[0, 2], [0, 0]]]
    """
    count = len(senders) * nodes**2
    graphs, there = np.arange(len(senders))[:, None], receivers < nodes
    pairs = ((graphs * nodes + receivers) * nodes + senders)[there]
    found = np.bincount(pairs, minlength=count)
    if found.max(initial=0) > _MOST:
        return None
    return found.astype(np.int8).reshape(-1, nodes, nodes)


def table_length(degrees: np.ndarray, prices: Prices) -> int:
    """How many neighbours of each node a table has: as many as make it cheapest, or 0 for none.

    Args:
        degrees: how many edges each node has.

    Example:
        >>> from graphc.core.forms import CPU
        >>> table_length(np.array([2, 2, 2, 9]), CPU.prices)
        2
    """
    edges = int(degrees.sum())
    price = next(price for most, price in prices.tables if edges <= most)
    lengths = range(min(LONGEST, int(degrees.max(initial=0))) + 1)
    return cheapest(degrees[None], price, lengths)


def table(start: np.ndarray, end: np.ndarray, nodes: int, most: int) -> dict[str, np.ndarray]:
    """The first neighbours of each node, [most, nodes], and the edges that do not fit.

    A place that is left over has the number behind the last node.
    """
    order = np.argsort(end, kind="stable")
    start, end = start[order], end[order]
    place = place_in_row(end, nodes)
    fits = place < most
    first = np.full((most, nodes), nodes, np.int32)
    first[place[fits], end[fits]] = start[fits]
    return {"first": first, "senders": start[~fits], "receivers": end[~fits]}


def are_shared(senders: np.ndarray, receivers: np.ndarray, nodes: int) -> bool:
    """Whether all examples have the same edges, and none that pads a graph."""
    alike = (bool((each == each[:1]).all()) for each in (senders, receivers))
    return all(alike) and bool((receivers < nodes).all())


def sums_over_edges(arrays: Mapping[str, Any]) -> str | None:
    """How what comes along edges is added up, of arrays that `held` gave; None without edges."""
    if MATRIX in arrays:
        size = arrays[MATRIX].shape[-1]
        return f"by a matrix of {size} x {size} pairs of nodes for each graph"
    if SENDERS in arrays:
        return "one by one, for each example has edges of its own, and few pairs are joined"
    if f"{SHARED}senders" not in arrays:
        return None
    edges = len(arrays[f"{SHARED}senders"])
    if f"{SHARED}matrix" in arrays:
        size = len(arrays[f"{SHARED}matrix"])
        return f"by a matrix of {size} x {size} pairs of nodes, which {edges:,} edges join"
    (most, nodes), rest = (arrays[f"{SHARED}into:{part}"].shape for part in ("first", "senders"))
    if not most:
        return "one by one, for a table would have more places than there are edges"
    text = f"by a table of the first {most} neighbours of each of {nodes:,} nodes"
    return f"{text}, and {rest[0]:,} of {edges:,} edges one by one"
