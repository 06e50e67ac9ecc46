"""What is done with sequences as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Text
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operands import steps_first, steps_mask
from graphc.core.operation import ChangesDomain, Operation, Reach, ShapeError, ShapeToSteps
from graphc.core.registry import operations
from graphc.core.types import TIME, Axis, Type, is_uneven, named_axis, time_axes, without
from graphc.ops.checks import axis_over


@dataclass(frozen=True)
class _OverSteps(Operation):
    """The base of what goes over an axis of steps."""

    over: str | None = primary(Text(), "the axis, where the input has several", None)

    def axis(self, x: Type) -> int:
        """The place of the axis among those of the array."""
        return x.domain.index(axis_over(self.name, x, self.over))

    def is_uneven(self, x: Type) -> bool:
        """Whether steps along the axis may be absent."""
        return is_uneven(x, axis_over(self.name, x, self.over))

    def mask(self, x: Type) -> str:
        """The hole of the mask of the steps that are there."""
        return steps_mask(axis_over(self.name, x, self.over))


class _OneStep(_OverSteps):
    """The base of what takes one step."""

    place: str
    traits = (ChangesDomain(),)

    def infer(self, x: Type) -> Type:
        return without(x, axis_over(self.name, x, self.over))

    def call_code(self, x: Type) -> Code:
        return code(f"$x[{':, ' * self.axis(x)}{self.place}]")


class Last(_OneStep):
    """The last step of a sequence: of one that ends before the others, its own.

    Shapes: [time, ...] -> [...].
    """

    name = "last"
    place = "-1"

    def call_code(self, x: Type) -> Code:
        if not self.is_uneven(x):
            return super().call_code(x)
        return code(f"last_present({steps_first('$x', self.axis(x))}, {self.mask(x)})")


class First(_OneStep):
    """The first step of a sequence.

    Shapes: [time, ...] -> [...].
    """

    name = "first"
    place = "0"


class Reverse(_OverSteps):
    """The steps of a sequence in the other order; what is behind its end stays there.

    Shapes: [time, ...] -> [time, ...].
    """

    name = "reverse"

    def infer(self, x: Type) -> Type:
        axis_over(self.name, x, self.over)
        return x

    def reach(self, x: Type) -> Reach:
        return Reach(axis_over(self.name, x, self.over))

    def call_code(self, x: Type) -> Code:
        if self.is_uneven(x):
            axis = self.axis(x)
            turned = f"reverse_present({steps_first('$x', axis)}, {self.mask(x)})"
            return code(turned if axis == 1 else f"jnp.moveaxis({turned}, 1, {axis})")
        return code(f"jnp.flip($x, {self.axis(x)})")


@dataclass(frozen=True)
class Stream(Operation):
    """A sequence of what lies along the first axis: the rows of an image, the tokens of a text.

    Shapes: [n, ...] -> [time, ...] of n steps; nothing is computed. `stack` with `over` and
    `length` undoes it.
    """

    name = "stream"
    also = ("unstack", "unbind")
    traits = (ChangesDomain(), ShapeToSteps())
    call = code("$x")

    to: str = primary(Text(), "what the axis of the steps is called", TIME.name)

    def infer(self, x: Type) -> Type:
        if not x.shape:
            message = f"`stream` makes steps of the first axis, but its input {x} has none"
            raise ShapeError(message, "give it a value with at least one feature axis")
        if not x.domain:
            message = (
                f"`stream` makes steps of what each example has, but its input {x} is one for all"
            )
            raise ShapeError(message, "a value of every step comes from the data, as an input")
        if any(axis.name == self.to for axis in time_axes(x)):
            message = f"the input of `stream` has steps over `{self.to}` already"
            raise ShapeError(message, "give the new axis another name: `stream: rows`")
        if named_axis(self.to).kind != TIME.kind:
            message = f"`stream` makes steps, and `{self.to}` stands for the {self.to} of graphs"
            raise ShapeError(message, "give the new axis another name: `stream: rows`")
        axis = Axis(self.to, "time")
        return replace(x, shape=x.shape[1:], domain=(*x.domain, axis))


operations.add(Last, First, Reverse, Stream)
