"""A few pictures, each a field: what one image is made of, not what a network learns from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Either, Int, Ints, Kind, Text
from graphc.core.declaration import attribute
from graphc.core.diagnostic import listing, similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Tree
from graphc.core.types import Type
from graphc.ops.given import require_image
from graphc.ops.sources.base import DataSource

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "starry_night")
SIZE = (224, 224)


@dataclass(frozen=True)
class Pictures(Kind):
    """Pictures by the names of the fields that they are."""

    def read(self, tree: Tree) -> tuple[tuple[str, str], ...]:
        if not isinstance(tree, MappingTree) or not len(tree):
            raise self.refuse(tree, "write `{content: chelsea, style: pictures/style.jpg}`")
        return tuple((key.text, Text().read(each)) for key, each in tree)

    def write(self, value: object) -> object:
        assert isinstance(value, tuple)
        return dict(value)

    def schema(self) -> dict:
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [{"enum": list(NAMES)}, {"type": "string"}]},
        }

    def __str__(self) -> str:
        return "a mapping of fields to pictures"


@dataclass(frozen=True, kw_only=True)
class Photos(DataSource):
    """One example of several pictures, colours in 0..1: a field [height, width, 3] for each.

    The fields are those of `images`, each one of the five pictures that graphc knows or a file
    of yours. Without it they are all five: `chelsea` (a cat), `coffee` (a cup), `astronaut`,
    `rocket`, and `starry_night` (the painting by van Gogh, 1889), 224 by 224 pixels. Files of
    yours, and another `size`, take the package pillow: `pip install graphc[images]`.
    """

    name = "photos"
    folder: ClassVar[str] = "photos"

    images: tuple[tuple[str, str], ...] = attribute(
        Pictures(),
        "the fields and their pictures: a name or a file, relative to the folder of the spec",
        tuple((name, name) for name in NAMES),
    )
    size: int | tuple[int, ...] = attribute(
        Either((Int(1), Ints(minimum=1))),
        "height and width: of each picture the middle is taken that has this form",
        SIZE,
    )
    grey: bool = attribute(Bool(), "whether one channel of grey values is made of colours", False)
    data_dir: str | None = attribute(Text(), "a folder to look in first", None)

    def complaint(self) -> str | tuple[str, str] | None:
        if not isinstance(self.size, int) and len(self.size) != 2:
            return "`size` is a height and a width: `size: [224, 224]`", "size"
        return None

    # The base's class variable is what the first picture is called here.
    @property
    def target(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.images[0][0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """That of each picture."""
        both = (self.size, self.size) if isinstance(self.size, int) else self.size
        return both[0], both[1], 1 if self.grey else 3

    @property
    def known(self) -> tuple[str, ...]:
        """The pictures among them that graphc knows."""
        return tuple(each for _, each in self.images if each in NAMES)

    def may_download(self) -> bool:
        """Whether the known pictures may be fetched: they are served nowhere."""
        return False

    def file(self, folder: str, picture: str) -> str:
        """Where a picture of the user's is."""
        return os.path.normpath(os.path.join(folder, os.path.expanduser(picture)))

    def fields(self, folder: str) -> Mapping[str, Type]:
        for _, picture in self.images:
            if picture in NAMES:
                continue
            if not os.path.splitext(picture)[1] and not os.path.dirname(picture):
                message = f"there is no picture `{picture}`"
                help = similar(picture, NAMES, "picture")
                help = help or f"write a file, or one of {listing(NAMES)}"
                raise ShapeError(message, help, "GC511", picture)
            require_image(self.file(folder, picture), picture)
        return {name: Type(self.shape) for name, _ in self.images}

    def training_examples(self) -> int | None:
        return 1

    def lacks_validation(self) -> bool:
        return True


sources.add(Photos)
