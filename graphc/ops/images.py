"""Folders of images, as far as their fields are concerned: Pillow reads sizes."""

from __future__ import annotations

import os

from graphc.core.operation import ShapeError
from graphc.ops.tables import extra as extra

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
MODES = {1: "L", 3: "RGB"}


def classes_of(path: str) -> tuple[str, ...]:
    """The names of the folders in a folder, in their order; hidden ones do not count.

    Raises:
        ShapeError: GC517 where there are less than two.
    """
    with os.scandir(path) as entries:
        names = sorted(each.name for each in entries if each.is_dir() and each.name[0] != ".")
    if len(names) < 2:
        found = f"only the folder `{names[0]}`" if names else "no folder"
        help = "each class is a folder of images: `cats/1.png`, `dogs/1.png`"
        raise ShapeError(f"`{path}` has {found}, and classes are two at least", help, "GC517")
    return tuple(names)


def files_of(path: str, name: str) -> list[str]:
    """The images of a class by their names, in their order.

    Raises:
        ShapeError: GC516 where there are none.
    """
    folder = os.path.join(path, name)
    found = [
        os.path.join(place, file)
        for place, _, files in os.walk(folder)
        for file in files
        if file.lower().endswith(ENDINGS) and not file.startswith(".")
    ]
    if not found:
        message = f"the folder `{folder}` has no image"
        raise ShapeError(message, f"their names end in {', '.join(ENDINGS[:4])}, ...", "GC516")
    return sorted(found)


def size_of(file: str, word: str | None = None) -> tuple[int, int]:
    """Height and width of an image, which the spec calls `word`.

    Raises:
        ShapeError: GC516 where it is no image, GC519.
    """
    pillow = extra("PIL.Image", file, "images")
    try:
        with pillow.open(file) as image:
            return image.height, image.width
    except (OSError, ValueError, SyntaxError) as error:
        message = f"`{file}` cannot be read as an image"
        raise ShapeError(message, "repair it, or take it out", "GC516", word) from error
