"""Weights that are not drawn: what they start as is in the data, or in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Text
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import listing, similar
from graphc.core.operation import ShapeError
from graphc.core.registry import initializers
from graphc.core.types import BATCH, Type
from graphc.ops.images import MODES, size_of
from graphc.ops.initializers import Initializer


class Given(Initializer):
    """The base of what is read where a run starts; the emitted module itself starts with zeros."""

    build = code("given_at_start")

    def check(self, shape: tuple[int, ...]) -> None:
        """Layers draw what they have; they may be given such a weight."""
        message = f"`{self.name}` is for `weight`, and not for the weights of layers"
        raise ShapeError(message, "make a `weight` of it, and give that to the layer under `from`")

    def check_start(
        self, shape: tuple[int, ...], fields: Mapping[str, Type] | None, folder: str
    ) -> None:
        """Raise ShapeError, with the code to report, where no such array can start so.

        Args:
            shape: of the weight.
            fields: of the data; None without data.
            folder: the folder of the spec.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class FromField(Given):
    """A field of the data: of the first example to train on, scaled as training sees it."""

    name = "field"

    field: str = primary(Text(), "the name of the field")

    def check_start(
        self, shape: tuple[int, ...], fields: Mapping[str, Type] | None, folder: str
    ) -> None:
        if fields is None:
            message = f"a weight starts as the field `{self.field}`, and there is no `data`"
            raise ShapeError(message, "name a source of data: `data: photos`", "GC411")
        if self.field not in fields:
            help = similar(self.field, fields, "field") or f"its fields are {listing(fields)}"
            raise ShapeError(f"the data has no field `{self.field}`", help, "GC204", self.field)
        kind = fields[self.field]
        if (kind.shape, kind.dtype, kind.domain) != (shape, "float", (BATCH,)):
            message = f"the weight is {list(shape)}, and the field `{self.field}` is {kind}"
            fitting = kind.dtype == "float" and kind.domain == (BATCH,)
            help = f"write `shape: {list(kind.shape)}`" if fitting else "name a field of floats"
            raise ShapeError(message, help, "GC405")


@dataclass(frozen=True)
class FromImage(Given):
    """An image file, as numbers in 0..1: [height, width, 3], or [height, width, 1] of grey values.

    It takes the package pillow: `pip install graphc[images]`.
    """

    name = "image"

    path: str = primary(Text(), "the file, relative to the folder of the spec")
    resize: bool = attribute(
        Bool(), "whether it is brought to the size of the weight, its margins cut off", False
    )

    def file(self, folder: str) -> str:
        """Where the file is."""
        return os.path.normpath(os.path.join(folder, os.path.expanduser(self.path)))

    def check_start(
        self, shape: tuple[int, ...], fields: Mapping[str, Type] | None, folder: str
    ) -> None:
        if len(shape) != 3 or shape[-1] not in MODES:
            message = f"an image is [height, width, 1 or 3], and the weight is {list(shape)}"
            raise ShapeError(message, "give the weight that shape", "GC203")
        height, width = require_image(self.file(folder), self.path)
        if not self.resize and (height, width) != shape[:2]:
            message = f"`{self.path}` is {height} by {width} pixels, and the weight {list(shape)}"
            help = "give the weight its size, or write `resize: true`"
            raise ShapeError(message, help, "GC516", self.path)


def require_image(file: str, word: str) -> tuple[int, int]:
    """Height and width of an image of the user's.

    Args:
        word: as the spec has it.

    Raises:
        ShapeError: GC511 where there is no such file, GC516 where it is no image, GC519.
    """
    if not os.path.isfile(file):
        what = "a folder, not a file" if os.path.exists(file) else "not there"
        folder, name = os.path.split(file)
        folder = folder or "."
        listed = os.listdir(folder) if os.path.isdir(folder) else []
        near = [each for each in listed if os.path.isfile(os.path.join(folder, each))]
        help = similar(name, near, "file") or "a path starts from the folder of the spec"
        raise ShapeError(f"the image `{file}` is {what}", help, "GC511", word)
    return size_of(file, word)


initializers.add(FromField, FromImage)
