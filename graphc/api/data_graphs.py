"""Graphs as data, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx
    import numpy as np


def from_networkx(
    graph: networkx.Graph,
    features: Sequence[str] | None = None,
    target: str | None = None,
    split: str | None = None,
) -> dict[str, np.ndarray]:
    """A graph of networkx as the arrays that `graph_npz` and `Run.predict` read.

    Nodes are numbered in the order of the graph. Only what is named of their attributes is taken,
    and of edges that they are there: weights are not read.

    Args:
        graph: any: directed or not, with several edges between two nodes or not.
        features: attributes of nodes that are numbers, or as many numbers at each; None: the
            numbers of the nodes as one-hot vectors, which only tell them apart.
        target: the attribute of nodes that is predicted, of any kind; nodes without it have edges
            and features, and count nowhere.
        split: the attribute that says train, validation or test, or that is missing.

    Returns:
        `features` [nodes, n] and `edges` [2, edges]; `directed` and `node_names`; the target by its
        name, int [nodes], -1 where it is missing, with `class_names`; and masks, bool [nodes].

    Raises:
        RunError: GC513, GC515 or GC516 where attributes are not as said.

    Example:
        >>> import networkx
        >>> club = networkx.karate_club_graph()
        >>> arrays = from_networkx(club, target="club")
        >>> sorted(arrays)
        ['class_names', 'club', 'directed', 'edges', 'features', 'node_names']
        >>> arrays["features"].shape, arrays["edges"].shape, arrays["class_names"].tolist()
        ((34, 34), (2, 78), ['Mr. Hi', 'Officer'])
        >>> np.savez("club.npz", **arrays)  # data: {graph_npz: {path: club.npz, target: club}}
    """
    from graphc.data.networks import arrays_of

    return arrays_of(graph, features, target, split)
