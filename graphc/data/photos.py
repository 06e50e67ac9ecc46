"""One example of several pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from graphc.data.dataset import Dataset, Scaling
from graphc.data.decoding import decode_middle
from graphc.data.files import KNOWN, locate, read
from graphc.data.png import png
from graphc.ops.sources import Photos
from graphc.ops.sources.photos import NAMES


def load_photos(source: Photos, folder: str) -> Dataset:
    """The example, which is there to train on; nothing is held out.

    Raises:
        RunError: GC502 and GC503 for the pictures that graphc knows.
        ShapeError: GC511, GC516 and GC519, naming a file of the user's.
    """
    fields = dict(source.fields(folder))
    known = _known(source, folder) if source.known else {}
    arrays = {
        name: _pixels(source, folder, picture, known)[None] for name, picture in source.images
    }
    return Dataset(
        splits={
            "train": {name: np.divide(each, 255, dtype=np.float32) for name, each in arrays.items()}
        },
        fields=fields,
        target=source.target,
        class_names=None,
        scaling=Scaling({}),
    )


def _known(source: Photos, folder: str) -> dict[str, np.ndarray]:
    """All pictures that graphc knows: bytes [224, 224, 3] by their names."""
    (file,) = KNOWN[source.folder]
    data = read(locate(source, folder), file)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in NAMES}


def _pixels(source: Photos, folder: str, picture: str, known: dict[str, np.ndarray]) -> np.ndarray:
    height, width, channels = source.shape
    file: Any = source.file(folder, picture)
    if picture in known:
        pixels = known[picture]
        if pixels.shape == source.shape:
            return pixels
        file = io.BytesIO(png(pixels))
    return decode_middle(picture, file, (height, width), channels)
