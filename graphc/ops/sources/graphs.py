"""Sources that are one graph, whose nodes have classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Text
from graphc.core.declaration import attribute
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
class Cora(GraphSource):
    """Papers that cite one another: `features` [nodes, 1433], `label` below 7 at each node.

    2,708 papers on machine learning, of seven kinds, and the 5,278 pairs of them of which one cites
    the other. The features say which of 1,433 words a paper has. 140 labels are known, 20 of each
    kind, 500 papers are for the validation and 1,000 for the test. The file is served nowhere: it
    is looked for on disk only.

    References: Sen et al., "Collective classification in network data", 2008; Yang, Cohen and
    Salakhutdinov, "Revisiting semi-supervised learning with graph embeddings", 2016 (the splits).
    """

    name = "cora"
    folder: ClassVar[str] = "planetoid"

    normalize: str = attribute(
        Text(("rows", "none")),
        "`rows`: the words of a paper add up to 1; `none`: each of them is a 1",
        "rows",
    )
    data_dir: str | None = attribute(Text(), "a folder to look in first", None)

    def may_download(self) -> bool:
        """No: it is served nowhere."""
        return False

    def fields(self, folder: str) -> Mapping[str, Type]:
        return fields_of_nodes(1433, self.target, Type((), "int", 7))

    def shares(self, folder: str) -> Mapping[str, float]:
        return {"features": 49_216 / (2_708 * 1_433)}


sources.add(Karate, Cora)
