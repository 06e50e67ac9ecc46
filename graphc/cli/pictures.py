"""Image files that are predicted on, one by one or a folder of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.data.decoding import decode_all
from graphc.ops import sources
from graphc.ops.images import ENDINGS

if TYPE_CHECKING:
    from graphc.api import Run

# The sets whose field `image` holds bytes divided by 255, as a file that is decoded does.
_FROM_BYTES = (
    sources.ImageFolder,
    sources.Mnist,
    sources.FashionMnist,
    sources.Cifar10,
    sources.Cifar10Subset,
    sources.Cifar10Jpeg,
)


def is_pictures(file: str) -> bool:
    """Whether it is an image by its name, or a folder."""
    return file.lower().endswith(ENDINGS) or os.path.isdir(file)


def read_pictures(file: str, run: Run) -> np.ndarray:
    """The images of a folder in the order of their names, or one image: [n, ...] in 0..1.

    Raises:
        RunError: GC614 where there are none, or the run did not learn from images.
        ShapeError: GC516 where one cannot be decoded or has another size, GC519.
    """
    source, form = run.document().data, run.form()
    if not isinstance(source, _FROM_BYTES):
        message = "the run did not learn from images in files"
        raise RunError(Diagnostic("GC614", message, help="give it arrays: `.npz` or `.npy`"))
    files = _files(Path(file))
    height, width, channels = form.fields["image"].shape
    resize = isinstance(source, sources.ImageFolder) and source.resize is not None
    images = decode_all([(each, each) for each in files], (height, width), channels, resize)
    return np.divide(images, np.float32(255), dtype=np.float32)


def _files(path: Path) -> list[str]:
    if not path.is_dir():
        return [str(path)]
    found = [str(each) for each in sorted(path.iterdir()) if each.name.lower().endswith(ENDINGS)]
    if not found:
        raise RunError(Diagnostic("GC614", f"`{path}` holds no images"))
    return found
