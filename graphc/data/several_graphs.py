"""Several graphs as padded arrays, made of all of their nodes and edges in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import NODES, RECEIVERS, SENDERS, lengths_over
from graphc.data.dataset import Dataset
from graphc.data.graphs import both_ways, left_out_as_text, one_way
from graphc.data.scaling import Arrays

LENGTHS = lengths_over(NODES.name)


@dataclass(frozen=True, eq=False)
class InARow:
    """All nodes and edges of several graphs.

    Attributes:
        graph: int [nodes], the graph of each node, from 0 and in order.
        edges: int [2, edges], senders and receivers by their places among all nodes, sorted by
            receivers.
    """

    graph: np.ndarray
    edges: np.ndarray

    @property
    def nodes(self) -> np.ndarray:
        """How many nodes each graph has."""
        return np.bincount(self.graph)

    @property
    def edge_counts(self) -> np.ndarray:
        """How many edges each graph has."""
        return np.bincount(self.graph[self.edges[1]], minlength=len(self.nodes))

    def of_nodes(self, values: np.ndarray) -> np.ndarray:
        """Values [nodes, ...] by graphs: [graphs, most nodes, ...], with 0 behind the last."""
        return apart(values, self.graph, self.nodes, int(self.nodes.max()), 0)

    def of_edges(self, most: int, nodes: int) -> Arrays:
        """Senders and receivers [graphs, most], by their places among the nodes of a graph.

        Args:
            most: how many edges a graph has at most.
            nodes: how many nodes a graph has at most, which is where edges end that pad.
        """
        graph, sizes = self.graph[self.edges[1]], self.nodes
        places = self.edges - (np.cumsum(sizes) - sizes)[graph]
        ends = zip((SENDERS, RECEIVERS), places, strict=True)
        counts = self.edge_counts
        return {
            name: apart(each.astype(np.int32), graph, counts, most, nodes) for name, each in ends
        }


def in_a_row(
    what: str, graph: np.ndarray, pairs: np.ndarray, directed: bool
) -> tuple[np.ndarray, InARow, dict[str, int]]:
    """Graphs in a row, of nodes in any order and of pairs of nodes that are joined.

    Args:
        what: where they come from, for messages.
        graph: int [nodes], the graph of each node, from 0.
        pairs: int [2, any], by the places of their nodes.
        directed: whether edges lead one way.

    Returns:
        The order in which nodes are taken, the graphs, and how many pairs were left out.

    Raises:
        ShapeError: GC515 for a graph without nodes, a node that is not there, and an edge between
            graphs.
    """
    graph, known = graph.astype(np.int64), np.unique(graph)
    if (gaps := known != np.arange(len(known))).any():
        message = f"no node of {what} belongs to the graph {int(gaps.argmax())}, counted from 0"
        raise ShapeError(message, "number the graphs without gaps, or give it a node", "GC515")
    _check_pairs(what, graph, pairs)
    order = np.argsort(graph, kind="stable")
    ways = one_way if directed else both_ways
    edges, left_out = ways(np.argsort(order)[pairs])
    return order, InARow(graph[order], edges), left_out


def _check_pairs(what: str, graph: np.ndarray, pairs: np.ndarray) -> None:
    """Raise ShapeError GC515 for a node that is not there, and an edge between graphs."""
    wrong = ((pairs < 0) | (pairs >= len(graph))).any(axis=0)
    if wrong.any():
        first = int(wrong.argmax())
        node = next(each for each in pairs[:, first] if not 0 <= each < len(graph))
        message = f"edge {first + 1} of {what} names the node {node}, and there are {len(graph)},"
        raise ShapeError(f"{message} counted from 0", "add the node, or remove the edge", "GC515")
    between = graph[pairs[0]] != graph[pairs[1]]
    if between.any():
        first = int(between.argmax())
        (one, other), (here, there) = pairs[:, first], graph[pairs[:, first]]
        message = f"edge {first + 1} of {what} joins the nodes {one} and {other}, of the graphs"
        help = "nodes are counted over all graphs: those of a graph come after those before it"
        raise ShapeError(f"{message} {here} and {there}", help, "GC515")


def apart(
    values: np.ndarray, owner: np.ndarray, counts: np.ndarray, most: int, fill: int
) -> np.ndarray:
    """Values [any, ...] by owners: [owners, most, ...], with `fill` behind the last of each.

    Args:
        owner: int [any], in order.
        counts: how many each owner has.

    Example:
        >>> apart(np.array([5, 6, 7]), np.array([0, 1, 1]), np.array([1, 2]), 3, -1).tolist()
        [[5, -1, -1], [6, 7, -1]]
    """
    found = np.full((len(counts), most, *values.shape[1:]), fill, values.dtype)
    found[owner, np.arange(len(values)) - (np.cumsum(counts) - counts)[owner]] = values
    return found


def with_edges(parts: Mapping[str, tuple[InARow, Arrays]]) -> dict[str, Any]:
    """The arrays of the parts of a data set with how many nodes their graphs have, and edges.

    All parts are padded alike.
    """
    nodes = max(int(each.nodes.max()) for each, _ in parts.values())
    most = max(int(each.edge_counts.max()) for each, _ in parts.values())
    return {
        part: arrays | {LENGTHS: each.nodes} | each.of_edges(most, nodes)
        for part, (each, arrays) in parts.items()
    }


def are_graphs(dataset: Dataset) -> bool:
    """Whether each example is a graph of its own."""
    return SENDERS in dataset.fields and LENGTHS in dataset.fields


def facts_of_several(dataset: Dataset) -> dict[str, Any]:
    """How many nodes and edges the graphs of all splits have, and what was left out."""
    graphs = [_degrees(*each) for arrays in dataset.splits.values() for each in _each(arrays)]
    nodes, edges = ([len(each) for each, _ in graphs], [int(each.sum()) for each, _ in graphs])
    return {
        "nodes": _spread(nodes),
        "edges": _spread(edges),
        "most_edges": max(int(each.max(initial=0)) for each, _ in graphs),
        "isolated": sum(int(((heard == 0) & (said == 0)).sum()) for heard, said in graphs),
        "left_out": dataset.left_out,
    }


def _each(arrays: Mapping[str, Any]) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Senders, receivers and how many nodes there are, of each graph."""
    return zip(*(arrays[name][:] for name in (SENDERS, RECEIVERS, LENGTHS)), strict=True)


def _degrees(
    senders: np.ndarray, receivers: np.ndarray, nodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """How many edges lead to each node, and from it."""
    there = receivers < nodes
    heard, said = (np.bincount(each[there], minlength=nodes) for each in (receivers, senders))
    return heard, said


def _spread(counts: list[int]) -> dict[str, float]:
    return {"least": min(counts), "most": max(counts), "mean": sum(counts) / len(counts)}


def graphs_as_text(found: Mapping[str, Any]) -> str:
    """What `facts_of_several` found, as lines."""
    nodes, edges = (
        f"{each['least']:,} to {each['most']:,} {word}, {each['mean']:,.4g} on average"
        for word, each in ((word, found[word]) for word in ("nodes", "edges"))
    )
    text = f"\ngraphs of {nodes}\n{edges}, one for each direction, at most {found['most_edges']:,}"
    text += f" to a node; nodes without any: {found['isolated']:,}"
    return text + left_out_as_text(found["left_out"])
