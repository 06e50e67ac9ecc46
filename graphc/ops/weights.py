"""Weights as values."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Ints
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, Weight
from graphc.core.registry import operations
from graphc.core.types import Type, constant
from graphc.ops.initializers import Initial, Initializer, Normal


@dataclass(frozen=True)
class LearnedArray(Operation):
    """A learned array, the same for all examples: queries, factors, or a kernel that layers share.

    Shapes: -> `shape`. In formulas it meets other values as any of them do; in a `repeat` every
    copy has its own.
    """

    name = "weight"
    also = ("parameter", "param", "variable")
    inputs = ()
    build = code("nnx.Param($init($key, $shape))")
    call = code("$self[...]")

    shape: tuple[int, ...] = primary(Ints(minimum=1), "the shape; [] is one number")
    init: Initializer = attribute(Initial(), "how it is drawn", Normal(0.02))

    def infer(self) -> Type:
        self.init.check(self.shape)
        return constant(self.shape)

    def weights(self) -> dict[str, Weight]:
        return {"": Weight(self.shape, stored="")}


operations.add(LearnedArray)
