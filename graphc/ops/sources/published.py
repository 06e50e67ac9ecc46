"""Sets of images with published files: looked for on disk, most of them downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Text
from graphc.core.declaration import attribute
from graphc.ops.sources.base import ArraySource, labelled


@dataclass(frozen=True, kw_only=True)
class Stored(ArraySource):
    """The base of sources with published files, which are looked for on disk.

    Attributes:
        folder: the name of the folder that holds the files.
    """

    folder: ClassVar[str]

    data_dir: str | None = attribute(Text(), "a folder to look in first", None)

    def may_download(self) -> bool:
        """Whether the files may be fetched from the network."""
        return False


@dataclass(frozen=True, kw_only=True)
class Downloaded(Stored):
    """The base of those whose files are downloaded where they are not found."""

    download: bool = attribute(Bool(), "whether a set that is not there is downloaded", True)

    def may_download(self) -> bool:
        return self.download


@dataclass(frozen=True, kw_only=True)
class Mnist(Downloaded):
    """Handwritten digits, grey values in 0..1: `image` [28, 28, 1], `label` below 10."""

    name = folder = "mnist"
    examples = 60000
    types = labelled("image", (28, 28, 1), 10)


@dataclass(frozen=True, kw_only=True)
class FashionMnist(Downloaded):
    """Pictures of clothes, grey values in 0..1: `image` [28, 28, 1], `label` below 10."""

    name = "fashion_mnist"
    folder = "fashion-mnist"
    examples = 60000
    types = labelled("image", (28, 28, 1), 10)


@dataclass(frozen=True, kw_only=True)
class Usps(Downloaded):
    """Digits of zip codes, grey values in -1..1: `image` [16, 16, 1], `label` below 10."""

    name = folder = "usps"
    examples = 7291
    types = labelled("image", (16, 16, 1), 10)


@dataclass(frozen=True, kw_only=True)
class Cifar10Subset(Stored):
    """The first 5,000 images of CIFAR-10, colours in 0..1: `image` [32, 32, 3], `label` below 10.

    4,000 of its training and 1,000 of its test images, so figures published for the whole set do
    not apply. The file is served nowhere: it is looked for on disk only.

    References: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """

    name = "cifar10_subset"
    folder = "cifar10-lossless-5k"
    examples = 4000
    types = labelled("image", (32, 32, 3), 10)
