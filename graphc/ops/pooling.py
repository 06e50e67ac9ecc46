"""Pooling: windows of an image, or the whole of it, become one number for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from graphc.core.attributes import Float, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, Stochastic
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.along_steps import OVER, AlongSteps
from graphc.ops.checks import need_image
from graphc.ops.per_axis import Around, Padding, PerAxis, Sizes, short, spread
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
            "stride": None if stride in (None, window) else short(stride),
            "padding": in_source(self.name, self.padding, x),
        }


@dataclass(frozen=True)
class _PoolAlongSteps(AlongSteps, Pool):
    """What pooling over windows of an image, or of steps, has in common.

    Attributes:
        over_steps: the function of the windows of steps.
    """

    per_axis = ("window",)
    over_steps: ClassVar[str]

    padding: Padding = attribute(
        Around((*BORDERS, "causal")), "around the image, or the steps, as for `conv`", "valid"
    )
    over: str | None = attribute(Text(), OVER, None)

    def complaint(self) -> str | tuple[str, str] | None:
        if self.over is None and self.padding == "causal":
            return f"`causal` of `{self.name}` is for steps, and it has no `over`", "padding"
        return super().complaint()

    def infer(self, x: Type) -> Type:
        if self.over is None:
            self.need_image(x)
            return super().infer(x)
        self.sequence(x)
        return x

    def flops(self, x: Type) -> int:
        return super().flops(x) if self.over is None else self.span() * x.size

    def call_code(self, x: Type) -> Code:
        if self.over is None:
            return self.call
        place, mask = self.sequence(x), self.mask(x)
        given = f", axis={place}" if place != 1 else ""
        given += f", mask={mask}" if mask is not None else ""
        return code(f"{self.over_steps}($x, $window, $before{given}{self.memory()})")

    def holes(self, x: Type) -> dict[str, object]:
        if self.over is None:
            return super().holes(x)
        return {"window": self.span(), "before": self.before()}


class MaxPool(_PoolAlongSteps):
    """The largest number of each window, channel by channel.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
    never wins. Where several are largest, the gradient is shared among them.

    With `over: time` the windows are of steps, one for each: [time, ..., c], unchanged. `padding`
    is `same`, or `causal` for windows that end with their step. Absent steps never win.
    """

    name = "max_pool"
    over_steps = "max_over_steps"
    call = code(
        "max_pool($x, $window, strides=$stride, padding=$padding)", stride=None, padding="VALID"
    )


class AveragePool(_PoolAlongSteps):
    """The mean of each window, channel by channel.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
    is not counted: a window at the border is the mean of what lies inside the image (as in Keras;
    PyTorch counts the zeros). `over: time` is that of `max_pool`; absent steps are not counted.
    """

    name = "average_pool"
    over_steps = "mean_over_steps"
    call = code(
        "average_pool($x, $window, strides=$stride, padding=$padding)",
        stride=None,
        padding="VALID",
    )


@dataclass(frozen=True)
class LpPool(Pool):
    """The p-norm of each window, channel by channel: `y = (sum |x| ** power) ** (1 / power)`.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. A power of
    1 is the sum of absolute values; the larger it is, the nearer it comes to their largest. The
    gradient of a window of zeros is zero.

    References: Sermanet et al., "Convolutional neural networks applied to house numbers digit
    classification", 2012.
    """

    name = "lp_pool"
    call = code(
        "lp_pool($x, $window, $power, strides=$stride, padding=$padding)",
        stride=None,
        padding="VALID",
    )

    power: float = attribute(Float(minimum=1), "the p of the norm", 2.0)

    def holes(self, x: Type) -> dict[str, object]:
        whole = self.power.is_integer()  # a whole power is a few products
        return super().holes(x) | {"power": int(self.power) if whole else self.power}


class StochasticPool(Pool):
    """While training, a number drawn from each window with a probability proportional to it.

    Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. With
    a = max(x, 0) and the probabilities p = a / sum(a) of a window, training gives the a that is
    drawn, each window and channel by itself, and evaluation their mean sum(p * a). So negative
    numbers count as zeros, and a window without a positive number gives 0. The gradient of a draw
    goes to the number that was drawn.

    References: Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional
    neural networks", 2013, where it follows a rectifier.
    """

    name = "stochastic_pool"
    call = code(
        "stochastic_pool($x, $window, strides=$stride, padding=$padding, train=$train, key=$key)",
        stride=None,
        padding="VALID",
    )
    traits = (Stochastic(),)


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


operations.add(MaxPool, AveragePool, LpPool, StochasticPool, GlobalAveragePool, GlobalMaxPool)
