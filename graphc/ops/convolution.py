"""Convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.attributes import Bool, Declared, Int, Ints, Text
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Elementwise, LibraryConvolution, Linear, Operation, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import windowed
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros

PADDINGS = Text(("same", "valid"))


@dataclass(frozen=True)
class Conv(Operation):
    """A convolution over height and width: `y = activation(x * kernel + bias)`.

    Shapes: [h, w, c] -> [h', w', features]; the kernel is [*kernel, c, features]. With stride s,
    `padding: same` gives h' = ceil(h / s) and `padding: valid` h' = floor((h - k) / s) + 1.

    References: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """

    name = "conv"
    build = code(
        "nnx.Conv($x.features, $features, $kernel, strides=$stride, padding=$padding,"
        " use_bias=$bias, kernel_init=$kernel_init, bias_init=$bias_init, rngs=$rngs)",
        stride=(1, 1),
        padding="SAME",
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )
    call = code("$self($x)")
    traits = (LibraryConvolution(), Linear())

    features: int = primary(Int(1), "how many channels come out")
    kernel: tuple[int, int] = attribute(
        Ints(length=2, spread=True), "height and width of the kernel", (3, 3)
    )
    stride: tuple[int, int] = attribute(
        Ints(length=2, spread=True), "steps between two places of the kernel", (1, 1)
    )
    padding: str = attribute(PADDINGS, "zeros around the image (same), or none (valid)", "same")
    activation: Operation | None = attribute(
        Declared(operations, Elementwise), "applied to the result", None
    )
    bias: bool = attribute(Bool(), "whether a learned number is added to each channel", True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())

    def infer(self, x: Type) -> Type:
        height, width = windowed(self.name, x, self.kernel, self.stride, self.padding)
        return x.with_shape((height, width, self.features))

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = {"kernel": Weight((*self.kernel, x.features, self.features))}
        return kernel | ({"bias": Weight((self.features,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        each = 2 * prod(self.kernel) * x.features + (1 if self.bias else 0)
        return each * self.infer(x).size

    def holes(self, x: Type) -> dict[str, object]:
        return {"padding": self.padding.upper()}


operations.add(Conv)
