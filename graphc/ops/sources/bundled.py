"""The sets that come with scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import Undivided, labelled, normalize_attribute


@dataclass(frozen=True, kw_only=True)
class Bundled(Undivided):
    """The base of the sets that come with scikit-learn."""

    normalize: str = normalize_attribute("standard")


@dataclass(frozen=True, kw_only=True)
class Digits(Bundled):
    """Handwritten digits, 8 by 8 grey values in 0..1: `image` [8, 8, 1], `label` below 10."""

    name = "digits"
    examples = 1797
    types = labelled("image", (8, 8, 1), 10)
    normalize: str = normalize_attribute("none")


@dataclass(frozen=True, kw_only=True)
class Iris(Bundled):
    """Three species of iris by four lengths: `features` [4], `label` below 3."""

    name = "iris"
    examples = 150
    types = labelled("features", (4,), 3)


@dataclass(frozen=True, kw_only=True)
class Wine(Bundled):
    """Three cultivars of wine by a chemical analysis: `features` [13], `label` below 3."""

    name = "wine"
    examples = 178
    types = labelled("features", (13,), 3)


@dataclass(frozen=True, kw_only=True)
class BreastCancer(Bundled):
    """Malignant and benign tumours by their cell nuclei: `features` [30], `label` below 2."""

    name = "breast_cancer"
    examples = 569
    types = labelled("features", (30,), 2)


@dataclass(frozen=True, kw_only=True)
class Diabetes(Bundled):
    """Progression of diabetes within a year, 25 to 346: `features` [10], `target` [1]."""

    name = "diabetes"
    target = "target"
    examples = 442
    types: ClassVar[Mapping[str, Type]] = {"features": Type((10,)), "target": Type((1,))}


sources.add(Digits, Iris, Wine, BreastCancer, Diabetes)
