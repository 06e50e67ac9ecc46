"""Images made larger or smaller: padded, cropped, upsampled, and channels turned into places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from graphc.core.attributes import Float, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, ShapeError, Unchanged
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_axes, need_image
from graphc.ops.per_axis import Around, Pair, PerAxis, Sizes, pairs, spread

Margins = int | tuple[int | Pair, ...]
MARGINS = "numbers on each side of each axis"
MODES = {"constant": "constant", "edge": "edge", "reflect": "reflect", "circular": "wrap"}


@dataclass(frozen=True)
class Pad(Operation):
    """An image with something around it.

    Shapes: [..., c] -> [..., c], any number of spatial axes; n becomes before + n + after. What is
    put there is, by `mode`: `constant`, the number `value` (zero padding if left out); `edge`, the
    outermost number again; `reflect`, the image mirrored at its outermost number; `circular`, the
    image from its other end.
    """

    name = "pad"
    call = code(
        "jnp.pad($x, $widths, mode=$how, constant_values=$value)", how="constant", value=0.0
    )
    traits = (Unchanged(),)

    margins: Margins = primary(Around(), MARGINS)
    mode: str = attribute(Text(tuple(MODES)), "what is put there", "constant")
    value: float = attribute(Float(), "the number of `mode: constant`", 0.0)

    def infer(self, x: Type) -> Type:
        need_image(self.name, x, most=None)
        margins = pairs(self.name, "margins", self.margins, x)
        self._check_mode(x, margins)
        sizes = (before + n + after for n, (before, after) in zip(x.shape, margins, strict=False))
        return x.with_shape((*sizes, x.features))

    def _check_mode(self, x: Type, margins: list[Pair]) -> None:
        if self.mode != "constant" and self.value:
            raise ShapeError(
                f"`pad` puts the number {self.value:g} nowhere with `mode: {self.mode}`",
                "leave `value` out, or use `mode: constant`",
            )
        missing = {"reflect": 1, "circular": 0}  # how much less than the image there is to put
        if self.mode in missing and any(
            max(pair) > n - missing[self.mode] for n, pair in zip(x.shape, margins, strict=False)
        ):
            raise ShapeError(
                f"`pad` cannot put {_listed(self.margins)} around its input {x} with"
                f" `mode: {self.mode}`",
                "put less there, or use `mode: edge`",
            )

    def holes(self, x: Type) -> dict[str, object]:
        margins = pairs(self.name, "margins", self.margins, x)
        widths = (*((0, 0),) * len(x.domain), *margins, (0, 0))
        return {"widths": widths, "how": MODES[self.mode]}


@dataclass(frozen=True)
class Crop(Operation):
    """An image without what lies at its sides.

    Shapes: [..., c] -> [..., c], any number of spatial axes, any kind of numbers; n becomes
    n - before - after.
    """

    name = "crop"
    traits = (Unchanged(),)

    margins: Margins = primary(Around(), MARGINS)

    def infer(self, x: Type) -> Type:
        need_axes(self.name, x, most=None)
        margins = pairs(self.name, "margins", self.margins, x)
        sizes = tuple(n - sum(pair) for n, pair in zip(x.shape, margins, strict=False))
        if min(sizes) < 1:
            raise ShapeError(
                f"`crop` cannot take {_listed(self.margins)} off its input {x}",
                "something must be left along each axis",
            )
        return replace(x, shape=(*sizes, x.features))

    def call_code(self, x: Type) -> Code:
        margins = pairs(self.name, "margins", self.margins, x)
        cuts = (f"{before or ''}:{-after or ''}, " for before, after in margins)
        return code(f"$x[..., {''.join(cuts)}:]")


@dataclass(frozen=True)
class Upsample(Operation):
    """An image with `factor` times as many numbers along each spatial axis.

    Shapes: [..., c] -> [..., c], with one to three spatial axes; n becomes factor * n. `nearest`
    repeats each number; `linear` (bilinear, trilinear) goes linearly from the centre of one number
    to that of the next, and keeps the outermost beyond them (PyTorch: `align_corners=False`).
    """

    name = "upsample"
    traits = (Unchanged(),)

    factor: Sizes = primary(PerAxis(), "how many numbers come of each, along each spatial axis", 2)
    method: str = attribute(Text(("nearest", "linear")), "what lies between the numbers", "nearest")

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        factors = spread(self.name, "factor", self.factor, x)
        sizes = (n * factor for n, factor in zip(x.shape, factors, strict=False))
        return x.with_shape((*sizes, x.features))

    def flops(self, x: Type) -> int:
        return 0 if self.method == "nearest" else 2 ** len(x.shape) * self.infer(x).size

    def call_code(self, x: Type) -> Code:
        if self.method == "linear":
            return code("interpolate($x, $sizes)")
        factors = spread(self.name, "factor", self.factor, x)
        text = "$x"
        for axis, factor in enumerate(factors, -len(x.shape)):
            text = f"jnp.repeat({text}, {factor}, axis={axis})" if factor > 1 else text
        return code(text)

    def holes(self, x: Type) -> dict[str, object]:
        return {"sizes": self.infer(x).shape[:-1]}


@dataclass(frozen=True)
class PixelShuffle(Operation):
    """Channels become places: each of them a block of `factor` numbers along each spatial axis.

    Shapes: [h, w, c * r * s] -> [h * r, w * s, c] with the factors r and s, and likewise for one or
    three axes: `y[h * r + i, w * s + j, c] = x[h, w, (c * r + i) * s + j]`. The order of the
    channels is that of PyTorch; in the paper and in TensorFlow they run fastest.

    References: Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", 2016.
    """

    name = "pixel_shuffle"
    call = code("pixel_shuffle($x, $factors)")
    traits = (Unchanged(),)

    factor: Sizes = primary(PerAxis(), "how many times larger each spatial axis becomes", 2)

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        factors = spread(self.name, "factor", self.factor, x)
        if x.features % prod(factors):
            raise ShapeError(
                f"`pixel_shuffle` makes blocks of {list(factors)} out of {prod(factors)} channels,"
                f" and its input {x} has {x.features}",
                f"give the layer before it a multiple of {prod(factors)} features",
            )
        sizes = (n * factor for n, factor in zip(x.shape, factors, strict=False))
        return x.with_shape((*sizes, x.features // prod(factors)))

    def holes(self, x: Type) -> dict[str, object]:
        return {"factors": spread(self.name, "factor", self.factor, x)}


@dataclass(frozen=True)
class PixelUnshuffle(Operation):
    """Places become channels: the inverse of `pixel_shuffle`.

    Shapes: [h * r, w * s, c] -> [h, w, c * r * s] with the factors r and s, and likewise for one or
    three axes.
    """

    name = "pixel_unshuffle"
    call = code("pixel_unshuffle($x, $factors)")
    traits = (Unchanged(),)

    factor: Sizes = primary(PerAxis(), "how many times smaller each spatial axis becomes", 2)

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        factors = spread(self.name, "factor", self.factor, x)
        sizes = x.shape[:-1]
        if any(n % factor for n, factor in zip(sizes, factors, strict=True)):
            raise ShapeError(
                f"`pixel_unshuffle` cannot cut its input {x} into blocks of {list(factors)}",
                "each factor must divide its axis: use `pad` or `crop` before it",
            )
        smaller = (n // factor for n, factor in zip(sizes, factors, strict=True))
        return x.with_shape((*smaller, x.features * prod(factors)))

    def holes(self, x: Type) -> dict[str, object]:
        return {"factors": spread(self.name, "factor", self.factor, x)}


def _listed(margins: Margins) -> str:
    return str(Around().write(margins))


operations.add(Pad, Crop, Upsample, PixelShuffle, PixelUnshuffle)
