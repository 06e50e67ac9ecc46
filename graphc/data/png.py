"""Arrays as pictures: PNG, which is a header and what zlib makes of the rows."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

_GREY, _COLOUR = 0, 2


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether [height, width, 1 or 3] can be looked at.

    Example:
        >>> is_image((28, 28, 1)), is_image((4,)), is_image((8, 8, 16))
        (True, False, False)
    """
    return len(shape) == 3 and shape[-1] in (1, 3) and min(shape[:2]) > 1


def png(image: np.ndarray) -> bytes:
    """The file of an image: uint8 [height, width, 1 or 3]."""
    height, width, channels = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    kind = _GREY if channels == 1 else _COLOUR
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*chunks, strict=True)))


def size_of(file: bytes) -> tuple[int, int, int]:
    """The height, width and channels of a file that `png` made.

    Example:
        >>> size_of(png(np.zeros((2, 5, 3), np.uint8)))
        (2, 5, 3)
    """
    width, height, _, kind = struct.unpack(">IIBB", file[16:26])
    return height, width, 3 if kind == _COLOUR else 1


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def data_uri(image: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> str:
    """An image as part of a page; black is `low` and white is `high` of each channel."""
    share = (image - low) / np.maximum(high - low, 1e-12)
    scaled = np.round(255 * np.clip(share, 0, 1)).astype(np.uint8)
    return uri(png(scaled))


def uri(file: bytes) -> str:
    """A PNG file as part of a page."""
    return "data:image/png;base64," + base64.b64encode(file).decode()
