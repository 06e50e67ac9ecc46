"""What activations and elementary functions have in common: each number is looked at alone."""

from __future__ import annotations

from graphc.core.code import code
from graphc.core.operation import Elementwise, Operation
from graphc.core.types import Type
from graphc.ops.checks import need_floats


class OfEachNumber(Operation):
    """The base of functions of each number alone; shapes are unchanged.

    The code reads `$x` once, since as an activation it is written around the code of a layer.
    """

    traits = (Elementwise(),)

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return x.size


def plain(
    module: str, word: str, text: str, call: str, *traits: object, also: tuple[str, ...] = ()
) -> type[OfEachNumber]:
    """A function without attributes, listed with `module`."""
    body = {"name": word, "also": also, "__doc__": text, "__module__": module}
    body |= {"call": code(call), "traits": (Elementwise(), *traits)}
    return type(word.title().replace("_", ""), (OfEachNumber,), body)
