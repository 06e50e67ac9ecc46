"""Image files to arrays, several at a time: Pillow lets go of Python while it decodes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graphc.core.operation import ShapeError
from graphc.ops.images import MODES, extra

_AT_ONCE = 256


def decode_all(
    files: Sequence[tuple[str, Any]],
    size: tuple[int, int],
    channels: int,
    resize: bool = False,
) -> np.ndarray:
    """Images as bytes [files, height, width, channels], in the order of the files.

    Args:
        files: of each its name for messages, and its path or an open file.
        size: height and width.
        channels: 1 for grey values, 3 for colours.
        resize: whether images of another size are brought to this one.

    Raises:
        ShapeError: GC516, naming the file, where one is no image or has another size.
    """
    pillow = extra("PIL.Image", files[0][0], "images")
    images = np.empty((len(files), *size, channels), np.uint8)

    def fill(start: int) -> None:
        for place in range(start, min(start + _AT_ONCE, len(files))):
            name, file = files[place]
            images[place] = _decode(pillow, name, file, size, channels, resize)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(fill, range(0, len(files), _AT_ONCE)):
            pass
    return images


def decode_middle(name: str, file: Any, size: tuple[int, int], channels: int) -> np.ndarray:
    """One image as bytes [height, width, channels]: as much of its middle as fits, resized.

    Raises:
        ShapeError: as `decode_all`.
    """
    pillow = extra("PIL.Image", name, "images")
    return _decode(pillow, name, file, size, channels, True, middle=True)


def _decode(
    pillow: Any,
    name: str,
    file: Any,
    size: tuple[int, int],
    channels: int,
    resize: bool,
    middle: bool = False,
) -> np.ndarray:
    height, width = size
    try:
        with pillow.open(file) as image:
            image = image.convert(MODES[channels])
            if resize:
                box = _middle(image.width, image.height, width, height) if middle else None
                image = image.resize((width, height), pillow.Resampling.BILINEAR, box)
            array = np.asarray(image, np.uint8)
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        message = f"`{name}` cannot be read as an image: {_reason(error)}"
        raise ShapeError(message, "repair it, or take it out", "GC516") from error
    if array.shape[:2] != size:
        found = " by ".join(map(str, array.shape[:2]))
        message = f"`{name}` is {found} pixels, and the others are {height} by {width}"
        help = f"write `resize: [{height}, {width}]` to bring all images to one size"
        raise ShapeError(message, help, "GC516")
    return array.reshape(height, width, channels)


def _middle(width: int, height: int, wide: int, high: int) -> tuple[float, float, float, float]:
    """The largest box in the middle of an image that is as `wide` for its height as wanted."""
    scale = min(width / wide, height / high)
    left, top = (width - scale * wide) / 2, (height - scale * high) / 2
    return left, top, width - left, height - top


def _reason(error: BaseException) -> str:
    text = str(getattr(error, "strerror", None) or error).split(" <")[0]
    text = text if "cannot identify" not in text else "it is no image that Pillow knows"
    return text[:1].lower() + text[1:]
