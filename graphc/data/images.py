"""Sets of images with published files: the formats of MNIST and USPS."""

from __future__ import annotations

import io
import struct
from math import prod

import numpy as np

from graphc.data.dataset import Arrays
from graphc.data.examples import Examples
from graphc.data.files import KNOWN, damaged, locate, read
from graphc.ops.sources import Downloaded, Usps

DIGIT_NAMES = tuple("0123456789")
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_UNSIGNED_BYTES = 8


def load_mnist(source: Downloaded, folder: str) -> Examples:
    """MNIST; the images are bytes."""
    return Examples(source.fields(folder), *read_mnist(source, folder), DIGIT_NAMES)


def load_fashion_mnist(source: Downloaded, folder: str) -> Examples:
    """Fashion-MNIST, in the same format."""
    return Examples(source.fields(folder), *read_mnist(source, folder), CLOTHES)


def load_usps(source: Usps, folder: str) -> Examples:
    """USPS, whose grey values are kept as they were published, in -1..1."""
    found = locate(source, folder)
    parts = [parse_usps(read(found, file), str(found / file.name)) for file in KNOWN["usps"]]
    return Examples(source.fields(folder), *parts, class_names=DIGIT_NAMES)


def read_mnist(source: Downloaded, folder: str) -> tuple[Arrays, Arrays]:
    """The training and the test digits, or clothes: `image` in bytes [n, 28, 28, 1], `label`."""
    found = locate(source, folder)
    train_images, train_labels, test_images, test_labels = (
        parse_idx(read(found, file), str(found / file.name)) for file in KNOWN[source.folder]
    )
    train = _paired(train_images, train_labels, str(found))
    return train, _paired(test_images, test_labels, str(found))


def _paired(images: np.ndarray, labels: np.ndarray, name: str) -> Arrays:
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        shapes = f"images {list(images.shape)} and labels {list(labels.shape)}"
        raise damaged(name, f"{shapes} do not belong together")
    return {"image": images[..., None], "label": labels}


def parse_idx(data: bytes, name: str) -> np.ndarray:
    """The array of bytes in an IDX file: two zero bytes, type, rank, big-endian sizes, values.

    Raises:
        RunError: GC503, naming the file `name`, where anything is not as the header says.
    """
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTES or not data[3]:
        raise damaged(name, f"it starts with {data[:4].hex(' ')}, which is no IDX file of bytes")
    rank = data[3]
    start = 4 + 4 * rank
    if len(data) < start:
        raise damaged(name, "it ends within its header")
    shape = struct.unpack(f">{rank}I", data[4:start])
    if len(data) - start != prod(shape):
        message = f"its header says {list(shape)} values, and {len(data) - start} bytes follow"
        raise damaged(name, message)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def parse_usps(data: bytes, name: str) -> Arrays:
    """The digits of a USPS file: lines of a label and 256 grey values in -1..1.

    Raises:
        RunError: GC503, naming the file `name`, where a line is not that.
    """
    if not data.strip():
        raise damaged(name, "it is empty")
    try:
        table = np.loadtxt(io.BytesIO(data), np.float32, ndmin=2)
    except ValueError as error:
        raise damaged(name, str(error)) from error
    if table.shape[1] != 257:
        raise damaged(name, f"its lines have {table.shape[1]} numbers, not 257")
    images, labels = table[:, 1:], table[:, 0]
    if not np.isin(labels, np.arange(10)).all():
        raise damaged(name, "a line does not start with a digit")
    if not (np.abs(images) <= 1).all():
        raise damaged(name, "a grey value is outside -1..1")
    return {"image": images.reshape(-1, 16, 16, 1), "label": labels.astype(np.int32)}
