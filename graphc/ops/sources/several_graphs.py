"""Sources of several graphs: every example is a graph with nodes and edges of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int, Text
from graphc.core.declaration import attribute, primary
from graphc.core.registry import sources
from graphc.core.types import BATCH, EDGES, NODES, RECEIVERS, SENDERS, Type, over
from graphc.ops.sources.base import Undivided, check_size

KINDS = ("Erdos-Renyi", "Barabasi-Albert", "Watts-Strogatz", "regular", "geometric", "blocks")
"""The kinds of random graphs."""
DEGREES = 16
"""How many degrees are told apart."""


def at_each_node(kind: Type) -> Type:
    """A value for each node of graphs of different size."""
    return over(kind, NODES, uneven=True)


def with_edges(fields: Mapping[str, Type]) -> dict[str, Type]:
    """The fields of graphs and their edges."""
    ends = Type((), "int", domain=(BATCH, EDGES))
    return {**fields, SENDERS: ends, RECEIVERS: ends}


@dataclass(frozen=True, kw_only=True)
class RandomGraphs(Undivided):
    """Random graphs of six kinds, generated: `features` [nodes, 1], `label` below 6 for each graph.

    A graph has n nodes, `smallest` to `largest`, and is made with a k of 2 or 3 by a generator of
    networkx: `gnm_random_graph` with n k edges (Erdos and Renyi), `barabasi_albert_graph` with k
    edges for each new node, `watts_strogatz_graph` with 2 k neighbours and a tenth of the edges
    rewired, `random_regular_graph` of degree 2 k, `random_geometric_graph` of n points in a square
    of which the n k nearest pairs are joined, or `stochastic_block_model` of three blocks, of a
    half, a third and a sixth of the nodes, whose inner edges are ten times as likely as those
    between them. Then edges are taken away at random until 0.9 k (n - k) are left and the nodes are
    shuffled. So all kinds have as many edges, and how many says nothing of the kind.

    The features are 1, so that all there is to learn from are the edges; or with `features: degree`
    16 numbers, one of which is 1: how many edges a node has, 15 standing for all above it too.
    """

    name = "graphs"
    fewest: ClassVar[int] = 10

    count: int = primary(Int(1), "how many graphs, those of all splits together", 3000)
    smallest: int = attribute(Int(fewest), "how many nodes a graph has at least", 20)
    largest: int = attribute(Int(fewest), "how many nodes a graph has at most", 60)
    features: str = attribute(
        Text(("ones", "degree")), "what nodes hold: 1, or how many edges they have", "ones"
    )
    seed: int = attribute(Int(0), "draws the graphs", 0)

    def complaint(self) -> str | tuple[str, str] | None:
        if self.smallest > self.largest:
            sizes = f"`smallest` is {self.smallest} and `largest` {self.largest}"
            return f"{sizes}: no graph is of such a size", "largest"
        return super().complaint()

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.sizes(self.count)
        width = 1 if self.features == "ones" else DEGREES
        kinds = {"features": at_each_node(Type((width,))), "label": Type((), "int", len(KINDS))}
        check_size(self.count * self.largest, kinds)
        return with_edges(kinds)

    def training_examples(self) -> int:
        return self.sizes(self.count, len(KINDS))["train"]


sources.add(RandomGraphs)
