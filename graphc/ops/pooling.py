"""Pooling: windows of an image, or the whole of it, become one number for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.attributes import Ints
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_image, windowed
from graphc.ops.convolution import PADDINGS


@dataclass(frozen=True)
class _Pool(Operation):
    """What pooling over windows has in common."""

    window: tuple[int, int] = primary(Ints(length=2, spread=True), "height and width of the window")
    stride: tuple[int, int] | None = attribute(
        Ints(length=2, spread=True),
        "steps between two windows; as long as the window if left out",
        None,
    )
    padding: str = attribute(PADDINGS, "around the image (same), or none (valid)", "valid")

    def infer(self, x: Type) -> Type:
        stride = self.stride or self.window
        height, width = windowed(self.name, x, self.window, stride, self.padding)
        return x.with_shape((height, width, x.features))

    def flops(self, x: Type) -> int:
        return prod(self.window) * self.infer(x).size

    def holes(self, x: Type) -> dict[str, object]:
        return {"stride": None if self.stride == self.window else self.stride}


class MaxPool(_Pool):
    """The largest number of each window, channel by channel.

    Shapes: [h, w, c] -> [h', w', c], with h' as for `conv`. What pads never wins. Where several are
    largest, the gradient is shared among them.
    """

    name = "max_pool"
    call = code(
        "max_pool($x, $window, strides=$stride, padding=$padding)", stride=None, padding="valid"
    )


class AveragePool(_Pool):
    """The mean of each window, channel by channel.

    Shapes: [h, w, c] -> [h', w', c], with h' as for `conv`. What pads is not counted: a window at
    the border is the mean of what lies inside the image (as in Keras, not as in PyTorch).
    """

    name = "average_pool"
    call = code(
        "average_pool($x, $window, strides=$stride, padding=$padding)",
        stride=None,
        padding="valid",
    )


@dataclass(frozen=True)
class _GlobalPool(Operation):
    """What pooling over the whole image has in common."""

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        return x.with_shape(x.shape[-1:])

    def flops(self, x: Type) -> int:
        return x.size


class GlobalAveragePool(_GlobalPool):
    """The mean of each channel over height and width.

    Shapes: [h, w, c] -> [c].

    References: Lin et al., "Network in network", 2014.
    """

    name = "global_average_pool"
    call = code("jnp.mean($x, axis=(-3, -2))")


class GlobalMaxPool(_GlobalPool):
    """The largest number of each channel over height and width.

    Shapes: [h, w, c] -> [c].
    """

    name = "global_max_pool"
    call = code("jnp.max($x, axis=(-3, -2))")


operations.add(MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool)
