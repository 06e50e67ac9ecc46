"""Weights as values."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Ints
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, Weight
from graphc.core.registry import operations
from graphc.core.types import Type, constant
from graphc.ops.given import Given
from graphc.ops.initializers import Initial, Initializer, Normal


@dataclass(frozen=True)
class LearnedArray(Operation):
    """A learned array, the same for all examples: queries, factors, or a kernel that layers share.

    Shapes: -> `shape`. In formulas it meets other values as any of them do; in a `repeat` every
    copy has its own. What is `frozen` is no parameter: neither gradients, weight decay nor moving
    averages have to do with it.
    """

    name = "weight"
    also = ("parameter", "param", "variable")
    inputs = ()
    call = code("$self[...]")

    shape: tuple[int, ...] = primary(Ints(minimum=1), "the shape; [] is one number")
    init: Initializer = attribute(Initial(), "how it is drawn, or what it starts as", Normal(0.02))
    frozen: bool = attribute(Bool(), "whether it stays as it was drawn", False)

    def infer(self) -> Type:
        if not isinstance(self.init, Given):
            self.init.check(self.shape)
        return constant(self.shape)

    def weights(self) -> dict[str, Weight]:
        given = self.init if isinstance(self.init, Given) else None
        trained = not self.frozen
        return {"": Weight(self.shape, trained, stored="", frozen=self.frozen, given=given)}

    def build_code(self) -> Code:
        kind = "nnx.Variable" if self.frozen else "nnx.Param"
        return code(f"{kind}($init($key, $shape))")


operations.add(LearnedArray)
