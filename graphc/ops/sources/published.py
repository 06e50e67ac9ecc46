"""Sets of images with published files: looked for on disk, most of them downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Text
from graphc.core.declaration import attribute
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import ArraySource, Undivided, labelled, normalize_attribute


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


@dataclass(frozen=True, kw_only=True)
class Cifar10(Downloaded):
    """Small photographs of ten kinds of objects in 0..1: `image` [32, 32, 3], `label` below 10.

    The official archive in its binary version (170 MB), which holds no Python objects.

    References: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """

    name = folder = "cifar10"
    examples = 50000
    types = labelled("image", (32, 32, 3), 10)


@dataclass(frozen=True, kw_only=True)
class Cifar10Jpeg(Stored):
    """All images of CIFAR-10 as JPEG, so with losses: `image` [32, 32, 3], `label` below 10.

    They differ from the exact ones by 5.8 of 255 on average. The file is served nowhere: it is
    looked for on disk only. It takes the package pillow: `pip install graphc[images]`.
    """

    name = "cifar10_jpeg"
    folder = "cifar10-jpeg"
    examples = 50000
    types = labelled("image", (32, 32, 3), 10)


@dataclass(frozen=True, kw_only=True)
class CaliforniaHousing(Stored, Undivided):
    """House values of 20,640 districts in 100,000 dollars: `features` [8], `target` [1].

    The features are those of scikit-learn: median income, median age of the houses, rooms and
    bedrooms per household, population, people per household, latitude and longitude. Values above
    5 are given as 5.00001.

    References: Pace and Barry, "Sparse spatial autoregressions", 1997.
    """

    name = "california_housing"
    folder = "california-housing"
    target = "target"
    examples = 20640
    types: ClassVar[Mapping[str, Type]] = {"features": Type((8,)), "target": Type((1,))}
    normalize: str = normalize_attribute("standard")


sources.add(Mnist, FashionMnist, Usps, Cifar10, Cifar10Subset, Cifar10Jpeg, CaliforniaHousing)
