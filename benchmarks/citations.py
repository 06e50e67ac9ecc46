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
        classes: of nodes.
        examples: steps of an epoch, each over the whole graph.
    """

    name: str
    classes: int
    examples: int
    batch: int = 1

    forms: ClassVar[str] = "benchmarks.peers.graphs"


CITATIONS = {each.name: each for each in (Citations("cora", 7, 20),)}
PATHS = ("first", "graph_conv")
"""The two layers in the spec."""


def arrays(workload: Citations) -> dict[str, np.ndarray]:
    """The graph as the one example of its training split."""
    from graphc.data.load import load
    from graphc.ops.sources import Cora

    return dict(load(Cora(), ".").splits["train"])


def rows_of(workload: Citations) -> Callable[[int], np.ndarray]:
    """The order of an epoch by its number: the one example at each step."""
    return lambda _: np.zeros((workload.examples, workload.batch), np.int32)
