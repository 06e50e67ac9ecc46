"""What happens to gradients and weights beside the optimiser's rule, and to which of them."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Declared, Float, Nested
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.registry import optimizers
from graphc.core.tree import Scalar, Tree
from graphc.ops.optimizers import Optimizer
from graphc.ops.rates import Duration, Lasting, Rate, Schedule

FROZEN = "frozen"


@dataclass(frozen=True)
class OrFrozen(Nested):
    """A declaration, or the word `frozen`."""

    def read(self, tree: Tree) -> object:
        if isinstance(tree, Scalar):
            if tree.text != FROZEN:
                raise self.refuse(tree)
            return FROZEN
        return super().read(tree)

    def write(self, value: object) -> object:
        return value if value == FROZEN else super().write(value)

    def schema(self) -> dict:
        return {"anyOf": [{"const": FROZEN}, *super().schema()["anyOf"]]}

    def __str__(self) -> str:
        return f"`{FROZEN}` or {super().__str__()}"


@dataclass(frozen=True)
class Clip(Declaration):
    """Bounds for gradients."""

    name = "clip"

    norm: float | None = primary(
        Float(above=0),
        "the largest norm of all gradients together: if longer, they are shortened",
        None,
    )
    value: float | None = attribute(
        Float(above=0), "the largest magnitude of a single number, before the norm is taken", None
    )

    def complaint(self) -> str | None:
        return "`clip` needs `norm` or `value`" if self.norm is self.value is None else None


@dataclass(frozen=True)
class Mixup(Declaration):
    """Training on mixtures of two examples: `share * x + (1 - share) * other`.

    The loss is `share * loss(output, target) + (1 - share) * loss(output, target of the other)`,
    with a share drawn from Beta(alpha, alpha) for each batch.

    References: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
    """

    name = "mixup"

    alpha: float = primary(
        Float(above=0), "0.1 to 0.4 mixes little, most often; 1 mixes in any proportion alike"
    )


@dataclass(frozen=True)
class Group(Declaration):
    """How some weights are moved otherwise than the others."""

    name = "group"

    learning_rate: float | Schedule | None = attribute(Rate(), "their learning rate", None)
    weight_decay: float | None = attribute(Float(minimum=0), "their weight decay", None)
    optimizer: Optimizer | None = attribute(Declared(optimizers), "an optimiser of their own", None)
    frozen_until: Duration | None = attribute(
        Lasting(), "how long they do not move at first: `5 epochs`, `500 steps`", None
    )


@dataclass(frozen=True)
class Penalty(Declaration):
    """What weights add to the loss: `l1 * sum(abs(w)) + l2 * sum(w ** 2)`."""

    name = "penalty"

    l1: float = attribute(Float(minimum=0), "times the magnitude of each number", 0.0)
    l2: float = attribute(Float(minimum=0), "times the square of each number", 0.0)

    def complaint(self) -> str | None:
        return None if self.l1 or self.l2 else "a penalty needs `l1` or `l2`"
