"""Augmentation: while training, images are changed at random, each by a draw of its own.

They are operations like any other, at the start of a network: they run on the device, their
randomness comes from the key of the step, and in evaluation they give their input unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Float, Int, Text
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Noise, Operation, ShapeError, Stochastic
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats

SHARE = Float(minimum=0, below=1)
DIRECTIONS = {"horizontal": (-2,), "vertical": (-3,), "both": (-3, -2)}


class _Augmentation(Operation):
    """What augmentations have in common: images of floats, whose shapes are unchanged."""

    traits = (Stochastic(), Noise())

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        if len(x.shape) != 3:
            plain = len(x.shape) == 2
            help = f"`reshape: {[*x.shape, 1]}` gives it an axis of channels" if plain else None
            message = (
                f"`{self.name}` changes images [height, width, channels], but its input is {x}"
            )
            raise ShapeError(message, help)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 2 * x.size


@dataclass(frozen=True)
class RandomFlip(_Augmentation):
    """While training, an image is mirrored with probability 1/2.

    Shapes: [height, width, c], unchanged. With `both`, each direction has a draw of its own.
    """

    name = "random_flip"
    call = code("random_flip($x, $axes, train=$train, key=$key)")

    direction: str = primary(
        Text(tuple(DIRECTIONS)),
        "left and right change places, top and bottom, or both",
        "horizontal",
    )

    def holes(self, x: Type) -> dict[str, object]:
        return {"axes": DIRECTIONS[self.direction]}


@dataclass(frozen=True)
class RandomCrop(_Augmentation):
    """While training, a window as large as the image is cut out of it with zeros around it.

    Shapes: [height, width, c], unchanged: the image is moved by up to `padding` places, by whole
    ones, along both axes.

    References: He et al., "Deep residual learning for image recognition", 2015, section 4.2.
    """

    name = "random_crop"
    call = code("random_crop($x, $padding, train=$train, key=$key)")

    padding: int = primary(Int(1), "how many zeros are put on each side")


@dataclass(frozen=True)
class RandomAffine(_Augmentation):
    """While training, an image is turned, moved and enlarged or shrunk about its middle.

    Shapes: [height, width, c], unchanged. Angle, shifts and zoom are uniform, and applied in one
    go with bilinear interpolation; what comes from outside of the image is 0.
    """

    name = "random_affine"
    call = code(
        "random_affine($x, rotate=$rotate, shift=$shift, zoom=$zoom, train=$train, key=$key)",
        rotate=0.0,
        shift=0.0,
        zoom=0.0,
    )

    rotate: float = attribute(
        Float(minimum=0, maximum=180), "the largest angle to either side, in degrees", 0.0
    )
    shift: float = attribute(SHARE, "the largest shift, as a share of height and width", 0.0)
    zoom: float = attribute(SHARE, "the largest change of size: 0.1 is 0.9 to 1.1 times", 0.0)

    def infer(self, x: Type) -> Type:
        if not (self.rotate or self.shift or self.zoom):
            raise ShapeError(
                "`random_affine` changes nothing", "give it `rotate`, `shift` or `zoom`"
            )
        return super().infer(x)


@dataclass(frozen=True)
class ColorJitter(_Augmentation):
    """While training, brightness, contrast and saturation of an image change.

    Shapes: [height, width, c], unchanged; `saturation` needs three channels, red, green and blue.
    Each is a factor between 1 - a and 1 + a: of all numbers, of their distance from the image's
    mean, and of their distance from the grey of the place (0.299 r + 0.587 g + 0.114 b).
    """

    name = "color_jitter"
    call = code(
        "color_jitter($x, brightness=$brightness, contrast=$contrast, saturation=$saturation,"
        " train=$train, key=$key)",
        brightness=0.0,
        contrast=0.0,
        saturation=0.0,
    )

    brightness: float = attribute(SHARE, "how far its factor is from 1 at most", 0.0)
    contrast: float = attribute(SHARE, "how far its factor is from 1 at most", 0.0)
    saturation: float = attribute(SHARE, "how far its factor is from 1 at most", 0.0)

    def infer(self, x: Type) -> Type:
        if not (self.brightness or self.contrast or self.saturation):
            raise ShapeError(
                "`color_jitter` changes nothing",
                "give it `brightness`, `contrast` or `saturation`",
            )
        result = super().infer(x)
        if self.saturation and x.features != 3:
            raise ShapeError(
                f"`saturation` of `color_jitter` needs red, green and blue, but its input is {x}",
                "use `brightness` and `contrast`",
            )
        return result


@dataclass(frozen=True)
class Cutout(_Augmentation):
    """While training, a square of an image is zero.

    Shapes: [height, width, c], unchanged. Its centre is any place of the image, so that the square
    may lie partly outside.

    References: DeVries and Taylor, "Improved regularization of convolutional neural networks with
    cutout", 2017.
    """

    name = "cutout"
    call = code("cutout($x, $size, train=$train, key=$key)")

    size: int = primary(Int(1), "the length of its sides")


operations.add(RandomFlip, RandomCrop, RandomAffine, ColorJitter, Cutout)
