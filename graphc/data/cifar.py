"""CIFAR-10: the archive of its authors, and the sets that were made of it."""

from __future__ import annotations

import io
import tarfile
from itertools import pairwise

import numpy as np

from graphc.data.decoding import decode_all
from graphc.data.examples import Examples
from graphc.data.files import KNOWN, damaged, locate, read
from graphc.data.scaling import Arrays
from graphc.ops.sources import Cifar10, Cifar10Jpeg, Cifar10Subset, Stored

OBJECTS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
_PIXELS = 3 * 32 * 32


def load_cifar10(source: Cifar10, folder: str) -> Examples:
    """The set as it was published; the images are bytes."""
    data, name = _file(source, folder)
    return Examples(source.fields(folder), *parse_archive(data, name), OBJECTS)


def load_cifar10_subset(source: Cifar10Subset, folder: str) -> Examples:
    """The first images of both parts; the images are bytes."""
    data, _ = _file(source, folder)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        train, test = (
            {"image": arrays[f"{part}_images"], "label": arrays[f"{part}_labels"]}
            for part in ("train", "test")
        )
    return Examples(source.fields(folder), train, test, OBJECTS)


def load_cifar10_jpeg(source: Cifar10Jpeg, folder: str) -> Examples:
    """All images, decoded; the images are bytes."""
    data, name = _file(source, folder)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        train, test = (
            {
                "image": decode_joined(
                    arrays[f"{part}_jpeg"], arrays[f"{part}_offsets"], f"{name}: {part} image"
                ),
                "label": arrays[f"{part}_labels"],
            }
            for part in ("train", "test")
        )
    return Examples(source.fields(folder), train, test, OBJECTS)


def decode_joined(joined: np.ndarray, places: np.ndarray, name: str) -> np.ndarray:
    """Images of files that stand end to end: bytes [files, 32, 32, 3].

    Args:
        joined: the bytes of all files.
        places: int [files + 1], where each begins, and where the last one ends.
        name: of the set, for messages.
    """
    data = joined.tobytes()
    files = [
        (f"{name} {i + 1}", io.BytesIO(data[start:stop]))
        for i, (start, stop) in enumerate(pairwise(places.tolist()))
    ]
    return decode_all(files, (32, 32), 3)


def _file(source: Stored, folder: str) -> tuple[bytes, str]:
    """The only file of a set, and its name."""
    found = locate(source, folder)
    (file,) = KNOWN[source.folder]
    return read(found, file), str(found / file.name)


def parse_archive(data: bytes, name: str) -> tuple[Arrays, Arrays]:
    """The training and the test part of the archive, uncompressed, in its binary version.

    Raises:
        RunError: GC503, naming the file `name`, where it is not that.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            batches = [_batch(archive, each, name) for each in (*_TRAIN, "test_batch.bin")]
    except tarfile.TarError as error:
        raise damaged(name, str(error)) from error
    train = {field: np.concatenate([each[field] for each in batches[:-1]]) for field in batches[0]}
    return train, batches[-1]


def _batch(archive: tarfile.TarFile, name: str, file: str) -> Arrays:
    try:
        member = archive.extractfile(f"cifar-10-batches-bin/{name}")
    except KeyError:
        member = None
    if member is None:
        raise damaged(file, f"it holds no `{name}`")
    return parse_batch(member.read(), f"{file}: {name}")


def parse_batch(data: bytes, name: str) -> Arrays:
    """Records of a label and an image: all of its red, then green, then blue values.

    Raises:
        RunError: GC503 where the bytes are not whole records, or a label is not below 10.
    """
    if not data or len(data) % (1 + _PIXELS):
        raise damaged(name, f"its {len(data)} bytes are no whole records of {1 + _PIXELS}")
    records = np.frombuffer(data, np.uint8).reshape(-1, 1 + _PIXELS)
    if records[:, 0].max() > 9:
        raise damaged(name, f"it holds the label {records[:, 0].max()}")
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return {"image": np.ascontiguousarray(images), "label": records[:, 0]}
