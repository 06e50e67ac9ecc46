"""Sources that are one graph, whose nodes have classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.registry import sources
from graphc.core.types import BATCH, EDGES, NODES, RECEIVERS, SENDERS, Type, counted_over
from graphc.ops.sources.base import DataSource, require_left, share

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


def split_sizes(
    labelled: int, classes: int, validation: float | int, test: float | int
) -> dict[str, int]:
    """How many of the nodes with a target go where; raises ShapeError GC518."""
    test = share(test, labelled, classes)
    validation = share(validation, max(labelled - test, 0), classes)
    train = labelled - test - validation
    words = f"no node is left to learn from: of {labelled} with a target"
    require_left(train, words, test, validation)
    return {"train": train, "validation": validation, "test": test}


@dataclass(frozen=True, kw_only=True)
class GraphSource(DataSource):
    """The base of sources that are one graph: an example is all of it, and every split has one.

    The splits differ in the nodes that count in losses and metrics.
    """

    def training_examples(self) -> int:
        return 1

    def given(self, folder: str) -> Mapping[str, Type]:
        """The fields but for the target and what says which nodes count in it."""
        left_out = (self.target, COUNTED)
        fields = self.fields(folder).items()
        return {name: kind for name, kind in fields if name not in left_out}


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


@dataclass(frozen=True, kw_only=True)
class LesMiserables(GraphSource):
    """Who meets whom in a novel: `features` [nodes, 77], `label` below 6 at each node.

    77 characters of "Les Miserables" and the 254 pairs of them that stand in a chapter together.
    Nothing else is told of them, so that the label is made of the edges: the circle that a
    character belongs to, found by the method of Louvain, which counts the chapters. One member of
    each circle is known, the one that stands beside others most often, and the test is on the other
    71. How many of them are right says how well a network carries six labels along the edges, and
    nothing about the novel. The features only tell the characters apart.

    References: Knuth, "The Stanford GraphBase", 1993 (the chapters); Blondel, Guillaume, Lambiotte
    and Lefebvre, "Fast unfolding of communities in large networks", 2008 (the circles).
    """

    name = "les_miserables"
    nodes: ClassVar[int] = 77

    def fields(self, folder: str) -> Mapping[str, Type]:
        return fields_of_nodes(self.nodes, self.target, Type((), "int", 6))

    def lacks_validation(self) -> bool:
        return True


sources.add(Karate, LesMiserables)
