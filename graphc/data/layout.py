"""Where the nodes of a graph are drawn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_EXACT = 120
_WIDE = 1.3


def layout(nodes: int, pairs: np.ndarray) -> np.ndarray:
    """Places of nodes, [nodes, 2], ends of an edge about 1 apart; the same for the same graph.

    Each connected part is laid out by itself (Kamada and Kawai, "An algorithm for drawing general
    undirected graphs", 1989; by springs where it is large), and the parts stand side by side.

    Args:
        nodes: how many there are.
        pairs: int [2, any], the nodes that edges join.
    """
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(pairs.T.tolist())
    parts = sorted(map(sorted, networkx.connected_components(graph)), key=lambda part: -len(part))
    found = np.zeros((nodes, 2))
    boxes = []
    for part in parts:
        alone = networkx.Graph()  # a view of a part would list its nodes in any order
        alone.add_nodes_from(part)
        alone.add_edges_from(graph.subgraph(part).edges)
        found[part] = _laid_out(alone)
        boxes.append(found[part].max(axis=0) + 1)
    for part, corner in zip(parts, _shelves(boxes), strict=True):
        found[part] += corner
    return found


def _laid_out(graph) -> np.ndarray:
    """The places of a connected graph's nodes, the longest way across and the least of all 0."""
    import networkx

    if len(graph) == 1:
        return np.zeros((1, 2))
    if len(graph) <= _EXACT:
        places = networkx.kamada_kawai_layout(graph)
    else:
        places = networkx.spring_layout(graph, seed=0, iterations=200)
    found = np.array([places[node] for node in graph])
    found -= found.mean(axis=0)
    turn = np.linalg.svd(found, full_matrices=False)[2]
    # Which way an axis points is not said by the decomposition.
    turn *= np.where(turn[:, :1] + turn[:, 1:] < 0, -1, 1)
    found = found @ turn.T
    number = {node: place for place, node in enumerate(graph)}
    ends = np.array([(number[a], number[b]) for a, b in graph.edges])
    found /= np.linalg.norm(found[ends[:, 0]] - found[ends[:, 1]], axis=1).mean()
    return found - found.min(axis=0)


def _shelves(boxes: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The corners of boxes [2] that stand side by side, in rows about as wide as all are high."""
    boxes = list(boxes)
    widest = max(box[0] for box in boxes)
    width = max(widest, _WIDE * np.sqrt(sum(box.prod() for box in boxes)))
    corners, x, y, high = [], 0.0, 0.0, 0.0
    for box in boxes:
        if x and x + box[0] > width:
            x, y, high = 0.0, y + high, 0.0
        corners.append(np.array([x, y]))
        x, high = x + box[0], max(high, box[1])
    return corners
