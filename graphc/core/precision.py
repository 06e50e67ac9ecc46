"""What the operands of products are, as a spec says it."""

from __future__ import annotations

from graphc.core.attributes import Text
from graphc.core.operation import PRECISIONS
from graphc.core.tree import Tree

MIXED = "mixed"
"""Another word for bfloat16: weights, results and all that is no product are float32 there too."""
WORDS = (*PRECISIONS, MIXED)


class OfProducts(Text):
    """A precision, whichever word it was written with."""

    def read(self, tree: Tree) -> str:
        word = super().read(tree)
        return PRECISIONS[1] if word == MIXED else word


PRECISION = OfProducts(WORDS)
