"""Windows that slide over the steps of a sequence in place of the axes of an image.

There is a value for every step, so that nothing downstream has other steps than the input: the
stride is 1, and what lies around the sequence are zeros (for a pool nothing at all), before and
behind it (`same`) or before it alone (`causal`). Absent steps count as what lies around.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from graphc.core.code import Code, code
from graphc.core.operands import steps_mask
from graphc.core.operation import Reach, Remembering, ShapeError
from graphc.core.types import Type, is_uneven, time_axes
from graphc.ops.checks import axis_over, need_features
from graphc.ops.per_axis import Padding, Sizes
from graphc.ops.sliding import Sliding

OVER = "an axis of steps to slide over, in place of those of an image: `over: time`"
PADDINGS = ("same", "causal")


class AlongSteps(Remembering):
    """The base of what may slide over steps.

    Attributes:
        per_axis: the attributes with a value for each axis, the length of the window first.
    """

    per_axis: ClassVar[tuple[str, ...]]

    padding: Padding
    over: str | None

    def complaint(self) -> str | tuple[str, str] | None:
        if self.over is None:
            return super().complaint()
        for word in self.per_axis:
            value = getattr(self, word)
            if isinstance(value, tuple) and len(value) != 1:
                return f"`{word}` of `{self.name}` over `{self.over}` is one number", word
        every = "so that every step has a value"
        if getattr(self, "stride", None) not in (None, 1, (1,)):
            return f"`stride` of `{self.name}` over `{self.over}` is 1, {every}", "stride"
        if self.padding not in PADDINGS:
            words = "`same` or `causal`"
            return f"`padding` of `{self.name}` over `{self.over}` is {words}, {every}", "padding"
        return super().complaint()

    def reach(self, x: Type) -> Reach | None:
        if self.over is None or self.span() == 1:
            return None
        axis = axis_over(self.name, x, self.over)
        return Reach(axis, self.before() if self.padding == "causal" else None)

    def span(self) -> int:
        """How many steps lie between the first and the last that a window sees, both included."""
        apart = _number(getattr(self, "dilation", 1))
        return apart * (_number(getattr(self, self.per_axis[0])) - 1) + 1

    def before(self) -> int:
        """How many of them come before the step that gets the value."""
        return self.span() - 1 if self.padding == "causal" else (self.span() - 1) // 2

    def need_image(self, x: Type) -> None:
        """Refuse a sequence of what is no image: it is the steps that are meant."""
        if len(x.shape) < 2 and (steps := time_axes(x)):
            message = f"`{self.name}` goes over the axes of an image, and a step of its input {x}"
            raise ShapeError(f"{message} is none", f"write `over: {steps[0].name}`")

    def sequence(self, x: Type) -> int:
        """The place of the steps among the axes of the array; raises ShapeError."""
        axis = axis_over(self.name, x, self.over)
        need_features(self.name, x)
        return x.domain.index(axis)

    def mask(self, x: Type) -> str | None:
        """The hole of the mask that it takes: what is before a step that is there is there too."""
        axis = axis_over(self.name, x, self.over)
        masked = is_uneven(x, axis) and self.padding == "same" and self.span() > 1
        return steps_mask(axis, x) if masked else None

    def memory(self) -> str:
        """The argument that hands on the part of the memory that is its own."""
        return ", memory=$own_carried" if self.kept else ""


def _number(value: Sizes) -> int:
    return value if isinstance(value, int) else value[0]


class SlidingAlongSteps(AlongSteps, Sliding):
    """The same for a layer with a kernel, whose module knows the steps as a spatial axis."""

    per_axis = ("kernel", "stride", "dilation")

    def kernel_of(self, x: Type) -> tuple[int, ...]:
        return super().kernel_of(self._image(x))

    def places(self, x: Type) -> tuple[int, ...]:
        if self.over is None:
            self.need_image(x)
            return super().places(x)
        self.sequence(x)
        return x.shape[:-1]

    def holes(self, x: Type) -> dict[str, object]:
        found = super().holes(self._image(x))
        if self.over is None:
            return found
        return found | ({"padding": "VALID"} if self.padding == "causal" else {})

    def call_code(self, x: Type) -> Code:
        return code("$self($x)" if self.over is None else self._over_steps(x))

    def _over_steps(self, x: Type) -> str:
        place, mask = self.sequence(x), self.mask(x)
        if self.padding == "causal" and self.span() > 1:
            axis = f", axis={place}" if place != 1 else ""
            return f"causal($self, $x{axis}{self.memory()})"
        value = "$x" if mask is None else f"where_present({mask}, $x, 0.0)"
        if place == x.rank - 2:
            return f"$self({value})"
        return f"jnp.swapaxes($self(jnp.swapaxes({value}, {place}, -2)), {place}, -2)"

    def _image(self, x: Type) -> Type:
        """What it slides over as an image, of which the size does not matter."""
        return x if self.over is None else replace(x, shape=(1, x.features))
