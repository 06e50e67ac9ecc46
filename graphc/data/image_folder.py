"""Folders of images, decoded in parallel."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.data.decoding import decode_all
from graphc.data.examples import Examples
from graphc.data.scaling import Arrays
from graphc.data.store import Store
from graphc.ops.images import classes_of, files_of
from graphc.ops.sources import ImageFolder

_AT_ONCE = 4096


def load_image_folder(source: ImageFolder, folder: str, store: Store) -> Examples:
    """The images of all classes, as bytes.

    Raises:
        ShapeError: GC511, GC515 to GC519, naming the folder or the file.
    """
    path, fields = source.place(folder, source.path), source.fields(folder)
    classes = classes_of(path)
    shape = fields["image"].shape
    train = _read(source, store, path, classes, shape)
    test = None
    if source.test_path is not None:
        other = source.place(folder, source.test_path)
        unknown = next((each for each in classes_of(other) if each not in classes), None)
        if unknown is not None:
            message = f"`{os.path.join(other, unknown)}` is a class that training has not"
            raise ShapeError(message, f"the classes are {listing(classes)}", "GC515")
        test = _read(source, store, other, classes_of(other), shape, classes)
    return Examples(fields, train, test, classes)


def _read(
    source: ImageFolder,
    store: Store,
    path: str,
    names: tuple[str, ...],
    shape: tuple[int, ...],
    classes: tuple[str, ...] = (),
) -> Arrays:
    classes = classes or names
    files = [(file, classes.index(name)) for name in names for file in files_of(path, name)]
    labels = {"label": np.array([label for _, label in files], np.int32)}
    # Of so many files, name, size and time of the last change stand for the content.
    about = [(file, state.st_size, state.st_mtime_ns) for file, state in _states(files)]
    key = ("images", shape, source.resize, about)
    return store.keep(key, [], lambda: _decoded(source, files, shape)) | labels


def _states(files: list[tuple[str, int]]) -> Iterator[tuple[str, os.stat_result]]:
    for file, _ in files:
        try:
            yield file, os.stat(file)
        except OSError as error:  # a link to what is not there
            message = f"`{file}` cannot be read as an image: {(error.strerror or '').lower()}"
            raise ShapeError(message, "repair it, or take it out", "GC516") from None


def _decoded(
    source: ImageFolder, files: list[tuple[str, int]], shape: tuple[int, ...]
) -> Iterator[Arrays]:
    height, width, channels = shape
    for start in range(0, len(files), _AT_ONCE):
        some = [(file, file) for file, _ in files[start : start + _AT_ONCE]]
        yield {"image": decode_all(some, (height, width), channels, source.resize is not None)}
