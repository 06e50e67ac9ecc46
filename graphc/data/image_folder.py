"""Folders of images, decoded in parallel."""

from __future__ import annotations

import os

import numpy as np

from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.data.decoding import decode_all
from graphc.data.examples import Examples
from graphc.data.scaling import Arrays
from graphc.ops.images import classes_of, files_of
from graphc.ops.sources import ImageFolder


def load_image_folder(source: ImageFolder, folder: str) -> Examples:
    """The images of all classes, as bytes.

    Raises:
        ShapeError: GC511, GC515 to GC519, naming the folder or the file.
    """
    path, fields = source.place(folder, source.path), source.fields(folder)
    classes = classes_of(path)
    train = _read(source, path, classes, fields["image"].shape)
    test = None
    if source.test_path is not None:
        other = source.place(folder, source.test_path)
        unknown = next((each for each in classes_of(other) if each not in classes), None)
        if unknown is not None:
            message = f"`{os.path.join(other, unknown)}` is a class that training has not"
            raise ShapeError(message, f"the classes are {listing(classes)}", "GC515")
        test = _read(source, other, classes_of(other), fields["image"].shape, classes)
    return Examples(fields, train, test, classes)


def _read(
    source: ImageFolder,
    path: str,
    names: tuple[str, ...],
    shape: tuple[int, ...],
    classes: tuple[str, ...] = (),
) -> Arrays:
    classes = classes or names
    files = [(file, classes.index(name)) for name in names for file in files_of(path, name)]
    height, width, channels = shape
    images = decode_all(
        [(file, file) for file, _ in files], (height, width), channels, source.resize is not None
    )
    return {"image": images, "label": np.array([label for _, label in files], np.int32)}
