"""Neighbours that are drawn, for graphs that are too large to be gone through as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Int, Many, Text
from graphc.core.declaration import Declaration, attribute, primary

LARGEST_STEP = 2**31 - 1


@dataclass(frozen=True)
class Neighbours(Declaration):
    """How many neighbours are drawn of each node, for each layer along the edges.

    A step learns from `batch_size` of the nodes that count. For each of them as many of its
    neighbours are drawn as the first number says, for each of these as many as the second one says,
    and so on: uniformly, and with replacement, so that a neighbour may come twice even where a node
    has fewer.

    References: Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs",
    2017.
    """

    name = "neighbours"

    sizes: tuple[int, ...] = primary(
        Many(Int(1)), "how many for each node, for the neighbours of these, and so on"
    )
    evaluation: str = attribute(
        Text(("whole", "drawn")), "whether losses and metrics are of the whole graph", "whole"
    )

    def complaint(self) -> tuple[str, str] | None:
        return None if self.sizes else ("`neighbours` needs a number for each layer", "sizes")

    @property
    def nodes(self) -> int:
        """How many nodes stand for one that is learnt from, itself included."""
        count, total = 1, 1
        for size in self.sizes:
            count *= size
            total += count
        return total
