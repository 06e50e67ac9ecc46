"""What a network does in training and otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Name, Named
from graphc.core.code import Code, code
from graphc.core.declaration import attribute
from graphc.core.operands import operand
from graphc.core.operation import Chooses, Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type


@dataclass(frozen=True)
class Mode(Operation):
    """One value while the network is trained, and another one otherwise.

    A decoder that reads in training what was to be said (teacher forcing), and in use what it has
    said itself: `fed: {mode: {train: reply, otherwise: guess}}`. What only the other value needs is
    not computed.

    Shapes: two values of one type -> that type.

    References: Williams and Zipser, "A learning algorithm for continually running fully recurrent
    neural networks", 1989, for teacher forcing.
    """

    name = "mode"
    variadic = True
    names = ("train", "otherwise")
    traits = (Chooses(),)

    train: Name | None = attribute(Named(), "the value in training", None)
    otherwise: Name | None = attribute(Named(), "the value in evaluation and in use", None)

    def infer(self, *types: Type) -> Type:
        first, last = types[0], types[-1]
        alike = (first.shape, first.dtype, first.below) == (last.shape, last.dtype, last.below)
        if not alike or set(first.domain) != set(last.domain):
            message = f"`mode` chooses between values of one type, and is given {first} and {last}"
            raise ShapeError(message, "bring both to the same type")
        return replace(first, presence=first.presence | last.presence)

    def call_code(self, *types: Type) -> Code:
        other = operand(f"item_{len(types) - 1}", types[-1], types[0])
        return code(f"$item_0 if $train else {other}")


operations.add(Mode)
