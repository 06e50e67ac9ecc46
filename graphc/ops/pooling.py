"""Pooling: windows of an image, or the whole of it, become one number for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_image
from graphc.ops.per_axis import Around, Padding, PerAxis, Sizes, spread
from graphc.ops.windows import BORDERS, in_source, need_touch, places


@dataclass(frozen=True)
class Pool(Operation):
    """What pooling over windows has in common."""

    window: Sizes = primary(PerAxis(), "how long the window is along each spatial axis")
    stride: Sizes | None = attribute(
        PerAxis(), "steps between two windows; as long as the window if left out", None
    )
    padding: Padding = attribute(Around(BORDERS), "around the image, as for `conv`", "valid")

    def infer(self, x: Type) -> Type:
        stride = self.window if self.stride is None else self.stride
        sizes = places(self.name, x, self.window, stride, self.padding, attribute="window")
        need_touch(self.name, x, self.window, self.padding)
        return x.with_shape((*sizes, x.features))

    def flops(self, x: Type) -> int:
        return prod(spread(self.name, "window", self.window, x)) * self.infer(x).size

    def holes(self, x: Type) -> dict[str, object]:
        window = spread(self.name, "window", self.window, x)
        stride = None if self.stride is None else spread(self.name, "stride", self.stride, x)
        return {
            "window": window,
            "stride": None if stride == window else stride,
            "padding": in_source(self.name, self.padding, x),
        }


class MaxPool(Pool):
    """The largest number of each window, channel by channel.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
    never wins. Where several are largest, the gradient is shared among them.
    """

    name = "max_pool"
    call = code(
        "max_pool($x, $window, strides=$stride, padding=$padding)", stride=None, padding="VALID"
    )


class AveragePool(Pool):
    """The mean of each window, channel by channel.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
    is not counted: a window at the border is the mean of what lies inside the image (as in Keras;
    PyTorch counts the zeros).
    """

    name = "average_pool"
    call = code(
        "average_pool($x, $window, strides=$stride, padding=$padding)",
        stride=None,
        padding="VALID",
    )


@dataclass(frozen=True)
class _GlobalPool(Operation):
    """What pooling over the whole image has in common."""

    def infer(self, x: Type) -> Type:
        need_image(self.name, x, most=None)
        return x.with_shape(x.shape[-1:])

    def flops(self, x: Type) -> int:
        return x.size

    def holes(self, x: Type) -> dict[str, object]:
        return {"axes": tuple(range(-len(x.shape), -1))}


class GlobalAveragePool(_GlobalPool):
    """The mean of each channel over all spatial axes.

    Shapes: [..., c] -> [c], with at least one spatial axis.

    References: Lin et al., "Network in network", 2014.
    """

    name = "global_average_pool"
    call = code("jnp.mean($x, axis=$axes)")


class GlobalMaxPool(_GlobalPool):
    """The largest number of each channel over all spatial axes.

    Shapes: [..., c] -> [c], with at least one spatial axis.
    """

    name = "global_max_pool"
    call = code("jnp.max($x, axis=$axes)")


operations.add(MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool)
