"""Images side by side, as the file of one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from graphc.data.dataset import Form
from graphc.data.png import is_image, png

_GAP, _PAPER = 2, 255
_SMALL = 64


def as_images(values: np.ndarray) -> np.ndarray | None:
    """Values [n, height, width, 1 or 3] or [n, height, width] as images; None where they are none.

    Example:
        >>> as_images(np.zeros((4, 8, 8))).shape, as_images(np.zeros((4, 8)))
        ((4, 8, 8, 1), None)
    """
    if values.ndim == 3:
        values = values[..., None]
    fits = values.ndim == 4 and is_image(values.shape[1:]) and values.dtype.kind in "fiub"
    return values.astype(np.float64) if fits else None


def grid_png(images: np.ndarray, low: float = 0.0, high: float = 1.0) -> bytes:
    """Images [n, height, width, 1 or 3] in a square of rows and columns, as a PNG file.

    Black is `low` and white is `high`; what is no number is black. Small images are drawn larger.
    """
    share = (np.nan_to_num(images, nan=low) - low) / max(high - low, 1e-12)
    drawn = np.round(255 * np.clip(share, 0, 1)).astype(np.uint8)
    times = max(1, _SMALL // max(drawn.shape[1:3]))
    drawn = drawn.repeat(times, axis=1).repeat(times, axis=2)
    count, height, width, channels = drawn.shape
    columns = math.ceil(math.sqrt(count))
    down, across = height + _GAP, width + _GAP
    shape = (-(-count // columns) * down + _GAP, columns * across + _GAP, channels)
    paper = np.full(shape, _PAPER, np.uint8)
    for place, image in enumerate(drawn):
        y, x = _GAP + place // columns * down, _GAP + place % columns * across
        paper[y : y + height, x : x + width] = image
    return png(paper)


def picture_of_values(
    values: np.ndarray, form: Form, arrays: Mapping[str, np.ndarray] | None = None
) -> bytes | None:
    """Values of several examples as a grid of images, in a PNG file; None where they are none.

    Values that have the shape of a field of the data are taken for images like these: scaling is
    undone. Black is 0 and white is 1, or beyond that what the field's examples hold.

    Args:
        arrays: a few examples of the data, as networks see them.
    """
    images = as_images(values)
    if images is None or not len(images):
        return None
    low, high, shape = 0.0, 1.0, values.shape[1:]
    alike = (n for n, kind in form.fields.items() if (kind.shape, kind.dtype) == (shape, "float"))
    for name in alike:
        images = form.scaling.restored(name, values).reshape(images.shape)
        some = np.zeros(0) if arrays is None else form.scaling.restored(name, arrays[name])
        low, high = float(some.min(initial=low)), float(some.max(initial=high))
        break
    return grid_png(images, low, high)
