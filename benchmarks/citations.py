"""Graphs whose nodes are sorted by what they are about. Knows numpy only: the peers read it too."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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
        nodes: how many there are, where features are made up; 0 for Cora, which has all.
        links: how many pairs of nodes are joined, where edges are made up too; otherwise they and
            the labels are those of Pubmed.
        share: of features that are made up, how many are not 0.
    """

    name: str
    features: int
    classes: int
    examples: int
    nodes: int = 0
    links: int | None = None
    share: float = 1.0
    batch: int = 1

    forms: ClassVar[str] = "benchmarks.peers.graphs"


CITATIONS = {
    each.name: each
    for each in (
        Citations("cora", 1433, 7, 20),
        Citations("pubmed", 500, 3, 4, 19_717, share=0.1),
        Citations("large", 64, 7, 2, 100_000, 500_000),
    )
}
PATHS = ("first", "graph_conv")
"""The two layers in the spec."""


def arrays(workload: Citations) -> dict[str, np.ndarray]:
    """The graph as the one example of its training split."""
    if not workload.nodes:
        from graphc.data.load import load
        from graphc.ops.sources import Cora

        train = load(Cora(), ".").splits["train"]
        return {name: np.ascontiguousarray(array) for name, array in train.items()}
    draw = np.random.default_rng(0)
    if workload.links is None:
        edges, label = _pubmed()
    else:
        edges = edges_made_up(workload.nodes, workload.links)
        label = draw.integers(0, workload.classes, workload.nodes).astype(np.int32)
    ideal = draw.normal(size=(workload.classes, workload.features))
    features = ideal[label] + draw.normal(size=(workload.nodes, workload.features))
    features *= draw.uniform(size=features.shape) < workload.share
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
    return _sorted(np.concatenate([pairs, pairs[::-1]], axis=1))


def _sorted(edges: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(edges[:, np.lexsort(edges)], np.int32)


def _pubmed() -> tuple[np.ndarray, np.ndarray]:
    """Edges and labels; the features are not in the file."""
    with np.load(Path(os.environ["GRAPHC_DATA"]) / "planetoid" / "pubmed_graph_only.npz") as file:
        return _sorted(file["edges"]), file["labels"]


def rows_of(workload: Citations) -> Callable[[int], np.ndarray]:
    """The order of an epoch by its number: the one example at each step."""
    return lambda _: np.zeros((workload.examples, workload.batch), np.int32)
