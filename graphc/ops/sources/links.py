"""The links of a graph as what is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from graphc.core.attributes import Declared, Int
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.diagnostic import listing
from graphc.core.registry import sources
from graphc.core.types import DIRECTED, DRAWN, ENDS, NODES_DRAWN, PAIRS, Type, over
from graphc.ops.sources.base import PART, require_left, share
from graphc.ops.sources.graphs import GraphSource


@dataclass(frozen=True, kw_only=True)
class Links(GraphSource):
    """The links of a graph: `link` [pairs], whether an edge joins the two nodes of a pair, or not.

    The edges are divided into those to learn from and those that are held out for the validation
    and the test. Each of these is asked for together with as many pairs of nodes that no edge
    joins, drawn once. In training all edges to learn from are asked for, with others that no such
    edge joins, which are drawn anew at every step. What goes along edges goes along those to learn
    from alone, in every split. The features of the nodes are those of the graph.

    References: Kipf and Welling, "Variational graph auto-encoders", 2016 (the splits).
    """

    name = "links"
    also = ("link_prediction", "edges")
    target: ClassVar[str] = "link"

    of: GraphSource = primary(Declared(sources), "the graph: a source that is one")  # type: ignore[assignment]
    validation: float | int = attribute(
        PART, "of all edges, what is held out to watch training: a fraction, or a count", 0.05
    )
    test: float | int = attribute(
        PART, "of all edges, what is held out for the test: a fraction, or a count", 0.1
    )
    negatives: int = attribute(
        Int(1), "for each edge to learn from, how many other pairs are drawn at a step", 1
    )
    split_seed: int = attribute(Int(0), "draws the splits; training has its own seed", 0)

    def complaint(self) -> tuple[str, str] | None:
        if isinstance(self.of, GraphSource) and not isinstance(self.of, Links):
            return None
        message = f"`{self.name}` are those of a graph, and `{self.of.name}` is none"
        return f"{message}: {listing(_graphs())} are", "of"

    def fields(self, folder: str) -> Mapping[str, Type]:
        # The splits ask for different numbers of pairs.
        pairs = over(Type(()), PAIRS, uneven=True)
        return {
            **self.of.given(folder),
            self.target: replace(pairs, dtype="int", below=2),
            ENDS: replace(pairs, shape=(2,), dtype="int"),
            DRAWN: replace(pairs, dtype="bool"),
            NODES_DRAWN: Type((), "int"),
            DIRECTED: Type((), "bool"),
        }

    def shares(self, folder: str) -> Mapping[str, float]:
        return self.of.shares(folder)

    def lacks_validation(self) -> bool:
        return not self.validation

    def sizes(self, edges: int) -> dict[str, int]:
        """How many edges go where; raises ShapeError GC518 where none is left to learn from."""
        test, validation = (share(part, edges, 1) for part in (self.test, self.validation))
        train = edges - test - validation
        require_left(train, f"no edge is left to learn from: of {edges}", test, validation)
        return {"train": train, "validation": validation, "test": test}


def _graphs() -> list[str]:
    """The sources that are a graph."""
    found: list[type[Declaration]] = [each for each in sources if issubclass(each, GraphSource)]
    return [each.name for each in found if each is not Links]


sources.add(Links)
