"""What layers with a kernel that slides over an image have in common."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.attributes import Bool, Declared, Int
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Elementwise, Multiplying, Operation, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros
from graphc.ops.per_axis import Around, Padding, PerAxis, Sizes, short, spread
from graphc.ops.windows import BORDERS, in_source, places, spans

KERNEL = "how long the kernel is along each spatial axis"
STRIDE = "steps between two places of the kernel"
DILATION = "steps between two numbers that the kernel sees"
PADDING = "what lies around the image: one of these words, or numbers of zeros"
BIAS = "whether a learned number is added to each channel"
MIRRORS = (*BORDERS, "circular", "reflect", "causal")
DEFAULTS = {
    "stride": 1,
    "padding": "SAME",
    "dilation": 1,
    "bias": True,
    "kernel_init": LecunNormal(),
    "bias_init": Zeros(),
}
"""What the convolutions of Flax do when they are not told."""


class Sliding(Operation):
    """A kernel that slides: where it stands, and how Flax is told."""

    kernel: Sizes
    stride: Sizes
    dilation: Sizes
    padding: Padding
    bias: bool

    def kernel_of(self, x: Type) -> tuple[int, ...]:
        """The length of the kernel along each spatial axis."""
        return spread(self.name, "kernel", self.kernel, x)

    def spans(self, x: Type) -> tuple[int, ...]:
        """The length of the kernel from its first number to its last along each spatial axis."""
        return spans(self.name, self.kernel, self.dilation, x)

    def places(self, x: Type) -> tuple[int, ...]:
        """How often the kernel stands along each spatial axis."""
        return places(self.name, x, self.kernel, self.stride, self.padding, self.dilation)

    def with_bias(self, weights: dict[str, Weight], *shape: int) -> dict[str, Weight]:
        """The weights, and the bias if there is one."""
        return weights | ({"bias": Weight(shape)} if self.bias else {})

    def work(self, x: Type, channels: int) -> int:
        """Floating point operations, where each number that comes out sees so many channels."""
        each = 2 * prod(self.kernel_of(x)) * channels + (1 if self.bias else 0)
        return each * self.infer(x).size

    def holes(self, x: Type) -> dict[str, object]:
        return {
            "kernel": self.kernel_of(x),
            "stride": short(spread(self.name, "stride", self.stride, x)),
            "dilation": short(spread(self.name, "dilation", self.dilation, x)),
            "padding": in_source(self.name, self.padding, x),
        }


@dataclass(frozen=True)
class Layer(Multiplying, Sliding):
    """The attributes of those that make any number of features."""

    features: int = primary(Int(1), "how many channels come out")
    kernel: Sizes = attribute(PerAxis(), KERNEL, 3)
    stride: Sizes = attribute(PerAxis(), STRIDE, 1)
    dilation: Sizes = attribute(PerAxis(), DILATION, 1)
    padding: Padding = attribute(Around(MIRRORS), PADDING, "same")
    activation: Operation | None = attribute(
        Declared(operations, Elementwise), "applied to the result", None
    )
    bias: bool = attribute(Bool(), BIAS, True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())
