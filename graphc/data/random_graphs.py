"""Random graphs of six kinds, generated."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphc.data.examples import Examples
from graphc.data.graphs import both_ways
from graphc.data.several_graphs import InARow, with_edges
from graphc.ops.sources import RandomGraphs
from graphc.ops.sources.several_graphs import DEGREES, KINDS

_REWIRED, _BETWEEN, _KEPT, _SPARE = 0.1, 0.1, 0.9, 1.1
_BLOCKS = np.array([1 / 2, 1 / 3, 1 / 6])


def load_random_graphs(source: RandomGraphs, folder: str) -> Examples:
    """The kinds in turn; a graph is the same however many there are."""
    graphs = [_graph(source, place) for place in range(source.count)]
    sizes = np.array([nodes for nodes, _ in graphs])
    starts = np.cumsum(sizes) - sizes
    pairs = [pairs + start for (_, pairs), start in zip(graphs, starts, strict=True)]
    edges, _ = both_ways(np.concatenate(pairs, axis=1))
    whole = InARow(np.repeat(np.arange(source.count), sizes), edges)
    features = np.ones((len(whole.graph), 1), np.float32)
    if source.features == "degree":
        degrees = np.bincount(edges[1], minlength=len(whole.graph))
        features = np.eye(DEGREES, dtype=np.float32)[np.minimum(degrees, DEGREES - 1)]
    arrays = {
        "features": whole.of_nodes(features),
        source.target: np.arange(source.count, dtype=np.int32) % len(KINDS),
    }
    found = with_edges({"training": (whole, arrays)})["training"]
    return Examples(source.fields(folder), found, class_names=KINDS)


def _graph(source: RandomGraphs, place: int) -> tuple[int, np.ndarray]:
    """How many nodes a graph has, and the pairs that are joined: int [2, pairs]."""
    draw = np.random.default_rng([source.seed, place])
    nodes = int(draw.integers(source.smallest, source.largest, endpoint=True))
    near = int(draw.integers(2, 3, endpoint=True))
    wanted = round(_KEPT * near * (nodes - near))
    pairs = np.zeros((0, 2), np.int64)
    while len(pairs) < wanted:  # blocks have as many edges as chance gives them
        graph = _made(KINDS[place % len(KINDS)], nodes, near, draw)
        pairs = np.sort(np.array(graph.edges), axis=1)
    pairs = pairs[np.lexsort(pairs.T)]
    kept = draw.permutation(len(pairs))[:wanted]
    return nodes, draw.permutation(nodes)[pairs[kept]].T


def _made(kind: str, nodes: int, near: int, draw: np.random.Generator) -> Any:
    """A graph of networkx."""
    import networkx as nx

    if kind == "geometric":
        points = draw.random((nodes, 2))
        return nx.random_geometric_graph(nodes, _radius(points, nodes * near), pos=_named(points))
    seed = int(draw.integers(2**32))
    if kind == "blocks":
        return nx.stochastic_block_model(*_blocks(nodes, nodes * near), seed=seed)
    makers = {
        "Erdos-Renyi": lambda: nx.gnm_random_graph(nodes, nodes * near, seed=seed),
        "Barabasi-Albert": lambda: nx.barabasi_albert_graph(nodes, near, seed=seed),
        "Watts-Strogatz": lambda: nx.watts_strogatz_graph(nodes, 2 * near, _REWIRED, seed=seed),
        "regular": lambda: nx.random_regular_graph(2 * near, nodes, seed=seed),
    }
    return makers[kind]()


def _named(points: np.ndarray) -> dict[int, list[float]]:
    return dict(enumerate(points.tolist()))


def _radius(points: np.ndarray, pairs: int) -> float:
    """A distance within which so many pairs of points are."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    apart = np.sort(apart[np.triu_indices(len(points), 1)])
    return float(apart[pairs - 1 : pairs + 1].mean())


def _blocks(nodes: int, pairs: int) -> tuple[list[int], list[list[float]]]:
    """How large the blocks are, and how likely edges in and between them, for some more pairs."""
    sizes = np.round(nodes * _BLOCKS).astype(int)
    sizes[0] += nodes - sizes.sum()
    share = np.where(np.eye(len(sizes), dtype=bool), 1.0, _BETWEEN)
    weight = (np.outer(sizes, sizes) * share).sum() / 2 - nodes / 2
    return sizes.tolist(), np.minimum(_SPARE * pairs / weight * share, 1).tolist()
