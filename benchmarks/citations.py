"""Graphs whose nodes are sorted by what they are about. Knows numpy only: the peers read it too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

UNITS, RATE = 16, 0.5
"""The width of the hidden layer, and the rate of both dropouts (Kipf and Welling, 2017)."""


@dataclass(frozen=True)
class Citations:
    """Two graph convolutions with dropout, over one graph.

    Args:
        features: of each node.
        classes: of nodes.
        examples: steps of an epoch, each over the whole graph.
        links: of a graph that is made up, how many pairs of nodes are joined; None for Cora.
        nodes: how many nodes that has.
    """

    name: str
    features: int
    classes: int
    examples: int
    links: int | None = None
    nodes: int = 0
    batch: int = 1

    forms: ClassVar[str] = "benchmarks.peers.graphs"


CITATIONS = {
    each.name: each
    for each in (
        Citations("cora", 1433, 7, 20),
        Citations("large", 64, 7, 2, 500_000, 100_000),
    )
}
PATHS = ("first", "graph_conv")
"""The two layers in the spec."""


def arrays(workload: Citations) -> dict[str, np.ndarray]:
    """The graph as the one example of its training split: Cora, or one that is made up."""
    if workload.links is None:
        from graphc.data.load import load
        from graphc.ops.sources import Cora

        train = load(Cora(), ".").splits["train"]
        return {name: np.ascontiguousarray(array) for name, array in train.items()}
    draw = np.random.default_rng(0)
    edges = edges_made_up(workload.nodes, workload.links)
    label = draw.integers(0, workload.classes, workload.nodes).astype(np.int32)
    ideal = draw.normal(size=(workload.classes, workload.features))
    features = ideal[label] + draw.normal(size=(workload.nodes, workload.features))
    return {
        "features": features.astype(np.float32)[None],
        "label": label[None],
        "nodes:counted": (np.arange(workload.nodes) % 10 == 0)[None],
        "edges:senders": edges[0][None],
        "edges:receivers": edges[1][None],
    }


def edges_made_up(nodes: int, links: int, seed: int = 0) -> np.ndarray:
    """Edges between so many pairs of nodes, both ways and sorted by receivers: int32 [2, any]."""
    pairs = np.random.default_rng(seed).integers(0, nodes, (2, links))
    both = np.concatenate([pairs, pairs[::-1]], axis=1)
    return np.ascontiguousarray(both[:, np.lexsort(both)], np.int32)


def rows_of(workload: Citations) -> Callable[[int], np.ndarray]:
    """The order of an epoch by its number: the one example at each step."""
    return lambda _: np.zeros((workload.examples, workload.batch), np.int32)
