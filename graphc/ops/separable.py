"""Convolutions in parts: channel by channel, or place by place."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.attributes import Int
from graphc.core.code import code
from graphc.core.declaration import attribute
from graphc.core.operation import Contracts, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.convolution import by_slices
from graphc.ops.per_axis import Around, Padding
from graphc.ops.sliding import DEFAULTS, PADDING, Layer
from graphc.ops.windows import BORDERS


@dataclass(frozen=True)
class SeparableConv(Layer):
    """A depthwise convolution, then a pointwise one: `y = activation((x * k) @ p + bias)`.

    Shapes: [..., c] -> [..., features], with one to three spatial axes and sizes as for `conv`.
    The kernel k of the first part is [*kernel, 1, c * multiplier], as in `depthwise_conv`; p, that
    of the second, is [c * multiplier, features] and mixes the channels of one place. Both are drawn
    by `kernel_init`. There is no activation and no bias between the two.

    References: Chollet, "Xception: deep learning with depthwise separable convolutions", 2017.
    """

    name = "separable_conv"
    build = code(
        "SeparableConv($x.features, $features, $kernel, multiplier=$multiplier, strides=$stride,"
        " padding=$padding, kernel_dilation=$dilation, use_bias=$bias, kernel_init=$kernel_init,"
        " bias_init=$bias_init, conv_general_dilated=$function, rngs=$rngs)",
        multiplier=1,
        **DEFAULTS,
    )
    call = code("$self($x)")
    traits = (Contracts(),)

    multiplier: int = attribute(Int(1), "how many channels the first part makes of each", 1)

    def infer(self, x: Type) -> Type:
        return x.with_shape((*self.places(x), self.features))

    def weights(self, x: Type) -> dict[str, Weight]:
        wide = x.features * self.multiplier
        return {
            "depthwise/kernel": Weight((*self.kernel_of(x), 1, wide)),
            "pointwise/kernel": Weight((wide, self.features)),
        } | ({"pointwise/bias": Weight((self.features,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        wide, places = x.features * self.multiplier, prod(self.places(x))
        depthwise = 2 * prod(self.kernel_of(x)) * wide * places
        return depthwise + (2 * wide + (1 if self.bias else 0)) * self.features * places

    def holes(self, x: Type) -> dict[str, object]:
        return super().holes(x) | {"function": by_slices(self.kernel_of(x))}


@dataclass(frozen=True)
class LocallyConnected(Layer):
    """A convolution whose kernel differs from place to place: `y = activation(x * kernel + bias)`.

    Shapes: [..., c] -> [..., features], with one to three spatial axes and sizes as for `conv`; the
    kernel is [*places, *kernel, c, features] and the bias [*places, features], where `places` are
    the sizes that come out. The kernel of each place is drawn by itself, as that of a convolution.

    References: LeCun, "Generalization and network design strategies", 1989; Taigman et al.,
    "DeepFace: closing the gap to human-level performance in face verification", 2014.
    """

    name = "locally_connected"
    build = code(
        "LocallyConnected($x.features, $features, $kernel, $places, strides=$stride,"
        " padding=$padding, kernel_dilation=$dilation, use_bias=$bias, kernel_init=$kernel_init,"
        " bias_init=$bias_init, rngs=$rngs)",
        **DEFAULTS,
    )
    call = code("$self($x)")
    traits = (Contracts(),)

    padding: Padding = attribute(Around(BORDERS), PADDING, "same")

    def infer(self, x: Type) -> Type:
        return x.with_shape((*self.places(x), self.features))

    def weights(self, x: Type) -> dict[str, Weight]:
        places = self.places(x)
        kernel = Weight((*places, *self.kernel_of(x), x.features, self.features))
        return self.with_bias({"kernel": kernel}, *places, self.features)

    def flops(self, x: Type) -> int:
        return self.work(x, x.features)

    def holes(self, x: Type) -> dict[str, object]:
        return super().holes(x) | {"places": self.places(x)}


operations.add(SeparableConv, LocallyConnected)
