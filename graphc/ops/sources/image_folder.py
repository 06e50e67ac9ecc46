"""Images of the user's: a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Ints, Text
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.images import classes_of, files_of, size_of
from graphc.ops.sources.base import Undivided, labelled


@dataclass(frozen=True, kw_only=True)
class ImageFolder(Undivided):
    """Image files in a folder for each class: `image` [height, width, channels], and `label`.

    The classes are the names of the folders, sorted. It takes the package pillow, an extra of
    graphc: `pip install graphc[images]`.
    """

    name = "image_folder"

    path: str = primary(Text(), "the folder of the folders, relative to the spec's")
    test_path: str | None = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "a second such folder, the test split, in place of `test`", None
    )
    grey: bool = attribute(Bool(), "whether one channel of grey values is made of colours", False)
    resize: tuple[int, ...] | None = attribute(
        Ints(), "height and width that all images are brought to; without it all are equal", None
    )

    def complaint(self) -> str | tuple[str, str] | None:
        if self.resize is not None and len(self.resize) != 2:
            return "`resize` is a height and a width: `resize: [64, 64]`"
        return super().complaint()

    def place(self, folder: str, path: str) -> str:
        """Where the folder `path` is; raises ShapeError GC511."""
        found = os.path.join(folder, os.path.expanduser(path))
        if not os.path.isdir(found):
            parent, name = os.path.split(found)
            listed = os.listdir(parent or ".") if os.path.isdir(parent or ".") else []
            near = [each for each in listed if os.path.isdir(os.path.join(parent, each))]
            help = similar(name, near, "folder") or "a path starts from the folder of the spec"
            what = "a file, not a folder" if os.path.exists(found) else "not there"
            raise ShapeError(f"the data folder `{found}` is {what}", help, "GC511", path)
        return found

    def fields(self, folder: str) -> Mapping[str, Type]:
        path = self.place(folder, self.path)
        if self.test_path is not None:
            self.place(folder, self.test_path)
        classes = classes_of(path)
        size = self.resize or size_of(files_of(path, classes[0])[0])
        return labelled("image", (*size, 1 if self.grey else 3), len(classes))


sources.add(ImageFolder)
