"""Sources that are one graph, whose nodes have classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.registry import sources
from graphc.core.types import BATCH, EDGES, NODES, RECEIVERS, SENDERS, Type, counted_over
from graphc.ops.sources.base import DataSource

COUNTED = counted_over(NODES.name)


def fields_of_nodes(features: int, target: str, kind: Type) -> dict[str, Type]:
    """The fields of a graph: `features`, a target at every node, and what belongs to the graph.

    Args:
        features: how many numbers each node has.
        target: the name of the target.
        kind: the type of one node's target.
    """
    nodes, edges = (BATCH, NODES), (BATCH, EDGES)
    return {
        "features": Type((features,), domain=nodes),
        target: Type(kind.shape, kind.dtype, kind.below, nodes),
        COUNTED: Type((), "bool", domain=nodes),
        SENDERS: Type((), "int", domain=edges),
        RECEIVERS: Type((), "int", domain=edges),
    }


@dataclass(frozen=True, kw_only=True)
class GraphSource(DataSource):
    """The base of sources that are one graph: an example is all of it, and every split has one.

    The splits differ in the nodes that count in losses and metrics.
    """

    def training_examples(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class Karate(GraphSource):
    """A karate club that fell apart: `features` [nodes, 34], `label` below 2 at each node.

    34 members and the 78 pairs of them that met outside of the club; the label is the side that
    each took in the end. One member of each side is known, the instructor and the officer of the
    club, and the test is on the other 32. The features only tell the members apart.

    References: Zachary, "An information flow model for conflict and fission in small groups", 1977.
    """

    name = "karate"
    nodes: ClassVar[int] = 34

    def fields(self, folder: str) -> Mapping[str, Type]:
        return fields_of_nodes(self.nodes, self.target, Type((), "int", 2))

    def lacks_validation(self) -> bool:
        return True


sources.add(Karate)
