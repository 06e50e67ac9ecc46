"""What the operands of products are, as a spec says it."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Text
from graphc.core.by_path import ByNode
from graphc.core.operation import PRECISIONS
from graphc.core.tree import Scalar, Tree

MIXED = "mixed"
"""Another word for bfloat16: weights, results and all that is no product are float32 there too."""
WORDS = (*PRECISIONS, MIXED)


class OfProducts(Text):
    """A precision, whichever word it was written with."""

    def read(self, tree: Tree) -> str:
        word = super().read(tree)
        return PRECISIONS[1] if word == MIXED else word


PRECISION = OfProducts(WORDS)


@dataclass(frozen=True)
class OfNodes(ByNode):
    """A precision for each of several patterns of paths of nodes, or one for all."""

    def read(self, tree: Tree) -> tuple[tuple[str, object], ...]:
        return (("*", self.kind.read(tree)),) if isinstance(tree, Scalar) else super().read(tree)

    def schema(self) -> dict:
        return {"anyOf": [self.kind.schema(), super().schema()]}

    def __str__(self) -> str:
        return f"{self.kind}, or {super().__str__()}"


PRECISIONS_OF_NODES = OfNodes(PRECISION)
