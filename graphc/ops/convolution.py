"""Convolutions: over one, two or three spatial axes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from math import prod

from graphc.core.attributes import Bool, Declared, Int, Text
from graphc.core.code import OMIT, Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    PRECISIONS,
    Contracts,
    Convolving,
    Elementwise,
    LibraryConvolution,
    Linear,
    Operation,
    ShapeError,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.along_steps import OVER, SlidingAlongSteps
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros
from graphc.ops.kernels import changing_kernel
from graphc.ops.per_axis import Around, Padding, PerAxis, Sizes, spread
from graphc.ops.sliding import (
    BIAS,
    DEFAULTS,
    DILATION,
    KERNEL,
    MIRRORS,
    PADDING,
    STRIDE,
    Layer,
)
from graphc.ops.windows import BORDERS

ROWS_AND_COLUMNS = 2
MOST_SLICES = 64
"""Numbers of a kernel up to which slices are the faster form; compiling takes 3 s for 49."""


@changing_kernel
@dataclass(frozen=True)
class Conv(SlidingAlongSteps, Layer, Convolving):
    """A convolution over the spatial axes: `y = activation(x * kernel + bias)`.

    Shapes: [n, c] -> [n', features], [h, w, c] -> [h', w', features] and [d, h, w, c] ->
    [d', h', w', features]; the kernel is [*kernel, c / groups, features]. Along one axis, y[i] is
    the sum over j of x[stride * i + dilation * j - before] kernel[j]; the kernel is not flipped.

    A kernel of k numbers spans r = dilation * (k - 1) + 1. `padding: valid` adds nothing and leaves
    n' = floor((n - r) / stride) + 1. A number, a list with one for each axis, or a list of
    [before, after] for each axis adds so many zeros to n. The other words leave
    n' = ceil(n / stride): `same` adds zeros, with an odd one behind; `circular` continues the image
    with itself and `reflect` mirrors it at its outermost numbers; `causal`, for one axis, adds
    zeros in front, so that no place sees what comes after it.

    With `groups`, channels and features are cut into as many equal parts, and each part of the
    features sees its own part of the channels.

    With `over: time` it goes along the steps of a sequence, [time, ..., c] -> [time, ..., features]
    with the kernel [kernel, c / groups, features], at each place of an image by itself. There are
    as many steps as before: the stride is 1 and `padding` either `same` or `causal`, with which no
    step sees a later one. Absent steps count as zeros.

    References: LeCun et al., "Gradient-based learning applied to document recognition", 1998;
    Yu and Koltun, "Multi-scale context aggregation by dilated convolutions", 2016; Krizhevsky et
    al., "ImageNet classification with deep convolutional neural networks", 2012 (groups).
    """

    name = "conv"
    build = code(
        "nnx.Conv($x.features, $features, $kernel, strides=$stride, padding=$padding,"
        " kernel_dilation=$dilation, feature_group_count=$groups, use_bias=$bias,"
        " kernel_init=$kernel_init, bias_init=$bias_init,"
        " conv_general_dilated=$conv_general_dilated, rngs=$rngs)",
        groups=1,
        **DEFAULTS,
    )
    traits = (LibraryConvolution("from_library"), Linear(), Contracts("conv_general_dilated"))

    groups: int = attribute(Int(1), "parts of the channels that do not see one another", 1)
    over: str | None = attribute(Text(), OVER, None)

    def infer(self, x: Type) -> Type:
        sizes = self.places(x)
        for what, count in (("channels of its input", x.features), ("features", self.features)):
            if count % self.groups:
                raise ShapeError(
                    f"`conv` cannot cut the {count} {what} into {self.groups} equal groups",
                    f"`groups` must divide both {x.features} and {self.features}",
                )
        return x.with_shape((*sizes, self.features))

    def product_code(self, x: Type) -> Code | None:
        if self.over is not None or self.padding not in BORDERS:
            return None
        options = "strides=$stride, padding=$padding, kernel_dilation=$dilation"
        form = f", form={self._rows}" if self.by_rows else ""
        return code(f"convolve($x, $kernel, {options}{form})", **DEFAULTS)

    def band(self, x: Type) -> tuple[int, int] | None:
        if self.over is not None or len(x.shape) != ROWS_AND_COLUMNS + 1 or self.groups > 1:
            return None
        if self.dilation != 1 or self.padding not in BORDERS:
            return None
        height, _ = self.kernel_of(x)
        _, stride = spread(self.name, "stride", self.stride, x)
        _, columns = self.places(x)
        _, width, channels = x.shape
        seen = max(width, (columns - 1) * stride + self.kernel_of(x)[1])
        return height * seen * channels, columns * self.features

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = (*self.kernel_of(x), x.features // self.groups, self.features)
        return {"kernel": Weight(kernel)} | (
            {"bias": Weight((self.features,))} if self.bias else {}
        )

    def flops(self, x: Type) -> int:
        return self.work(x, x.features // self.groups)

    def holes(self, x: Type) -> dict[str, object]:
        form = {"conv_general_dilated": ast.Name(self._rows, ast.Load())} if self.by_rows else {}
        return super().holes(x) | form

    @property
    def _rows(self) -> str:
        return "by_rows" if self.precision == PRECISIONS[0] else "by_rows_bfloat16"


@changing_kernel
@dataclass(frozen=True)
class DepthwiseConv(SlidingAlongSteps):
    """A convolution of each channel by itself: `y = activation(x * kernel + bias)`.

    Shapes: [..., c] -> [..., c * multiplier], with one to three spatial axes and sizes as for
    `conv`; the kernel is [*kernel, 1, c * multiplier], and the channels made of the first channel
    come first. It is `conv` with as many groups as channels; a kernel of at most 64 numbers is
    summed up slice by slice, which is many times faster on the CPU. `over: time` is that of `conv`.

    References: Sifre, "Rigid-motion scattering for image classification", 2014.
    """

    name = "depthwise_conv"
    build = code(
        "nnx.Conv($x.features, $features, $kernel, strides=$stride, padding=$padding,"
        " kernel_dilation=$dilation, feature_group_count=$x.features, use_bias=$bias,"
        " kernel_init=$kernel_init, bias_init=$bias_init, conv_general_dilated=$function,"
        " rngs=$rngs)",
        **DEFAULTS,
    )
    traits = (Linear(),)

    multiplier: int = primary(Int(1), "how many channels come out of each", 1)
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
    over: str | None = attribute(Text(), OVER, None)

    def infer(self, x: Type) -> Type:
        sizes = self.places(x)
        return x.with_shape((*sizes, x.features * self.multiplier))

    def weights(self, x: Type) -> dict[str, Weight]:
        features = x.features * self.multiplier
        kernel = Weight((*self.kernel_of(x), 1, features))
        return self.with_bias({"kernel": kernel}, features)

    def flops(self, x: Type) -> int:
        return self.work(x, 1)

    def holes(self, x: Type) -> dict[str, object]:
        function = by_slices(self.kernel_of(x))
        return super().holes(x) | {"features": x.features * self.multiplier, "function": function}


def by_slices(kernel: tuple[int, ...]) -> object:
    """What convolves channel by channel: slices, which compile slowly where they are many."""
    return ast.Name("depthwise", ast.Load()) if prod(kernel) <= MOST_SLICES else OMIT


operations.add(Conv, DepthwiseConv)
