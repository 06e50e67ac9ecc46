"""`train: {remat: ...}`: what is computed again on the way back, or how much memory there is."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Nested, Text
from graphc.core.by_path import PatternsOfNodes
from graphc.core.declaration import Declaration, attribute
from graphc.core.sizes import Bytes
from graphc.core.tree import Mapping, Tree


@dataclass(frozen=True)
class Budget(Declaration):
    """As much is computed again as it takes to stay under an amount of memory."""

    name = "remat"

    under: int = attribute(
        Bytes(), "what a training step needs at most by XLA's plan, the data aside: `500 MiB`"
    )


_BUDGET = Nested(Budget)


class NodesOrBudget(PatternsOfNodes):
    """Patterns of paths of nodes, or `{under: 500 MiB}`."""

    def read(self, tree: Tree) -> object:  # type: ignore[override]
        return _BUDGET.read(tree) if isinstance(tree, Mapping) else super().read(tree)

    def write(self, value: object) -> object:
        return _BUDGET.write(value) if isinstance(value, Budget) else super().write(value)  # type: ignore[arg-type]

    def schema(self) -> dict:
        return {"anyOf": [*super().schema()["anyOf"], *_BUDGET.schema()["anyOf"]]}

    def __str__(self) -> str:
        return f"{super().__str__()}, or `{{under: 500 MiB}}`"


REMAT = NodesOrBudget(Text())
