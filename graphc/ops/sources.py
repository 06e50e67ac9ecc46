"""Where data comes from: declarations without the loading, which lives in `graphc.data`.

`graphc check` asks for the fields, so nothing here imports numpy until an npz file is read.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from graphc.core.attributes import Bool, Either, Float, Int, Text, Texts
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.tables import (
    DELIMITERS,
    csv_lines,
    missing_value,
    npz_arrays,
    npz_headers,
    number,
    require_columns,
)

_PART = Either((Float(above=0, below=1), Int(0)))


def _normalize(default: str) -> Any:
    help = "`standard`: mean 0 and variance 1 for each feature, measured on the training part only"
    return attribute(Text(("none", "standard")), help, default)


class DataSource(Declaration):
    """The base of data sources.

    Attributes:
        target: the field that losses compare with by default.
    """

    target: ClassVar[str] = "label"

    def fields(self, folder: str) -> Mapping[str, Type]:
        """The fields of one example and their types, found without loading the data.

        Args:
            folder: the folder that relative paths of the spec start from.

        Raises:
            ShapeError: where that cannot be said, with the code to report.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class ArraySource(DataSource):
    """The base of sources that fit into memory and are split into train, validation and test.

    Attributes:
        examples: how many there are before they are split, where that is known beforehand.
    """

    examples: ClassVar[int]

    validation: float | int = attribute(
        _PART, "what is held out of the training part: a fraction of it, or a count", 0.1
    )
    normalize: str = _normalize("none")
    split_seed: int = attribute(Int(0), "draws the splits; training has its own seed", 0)

    def test_part(self) -> float | int:
        """What is held out for the test: 0 where the source brings a test split of its own."""
        return 0

    def sizes(self, examples: int, classes: int = 1) -> dict[str, int]:
        """How many of `examples` go where; a fraction is at least one example of each class.

        Raises:
            ShapeError: GC518 where none is left to train on.
        """
        test = _count(self.test_part(), examples, classes)
        validation = _count(self.validation, max(examples - test, 0), classes)
        train = examples - test - validation
        if train < 1:
            raise ShapeError(
                f"no example is left to train on: of {examples}, {test} are held out for the test"
                f" and {validation} for the validation",
                "hold out fewer",
                "GC518",
            )
        return {"train": train, "validation": validation, "test": test}


@dataclass(frozen=True, kw_only=True)
class Undivided(ArraySource):
    """The base of sources without a test split of their own."""

    test: float | int = attribute(
        _PART, "what is held out for the test: a fraction of all examples, or a count", 0.2
    )

    def test_part(self) -> float | int:
        return self.test


def _count(part: float | int, examples: int, least: int) -> int:
    return max(least, round(part * examples)) if isinstance(part, float) else part


# The sets that come with scikit-learn.


@dataclass(frozen=True, kw_only=True)
class Bundled(Undivided):
    """The base of the sets that come with scikit-learn.

    Attributes:
        types: the fields.
    """

    types: ClassVar[dict[str, Type]]
    normalize: str = _normalize("standard")

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.sizes(self.examples)
        return dict(self.types)


def _labelled(name: str, shape: tuple[int, ...], classes: int) -> dict[str, Type]:
    return {name: Type(shape), "label": Type((), "int", classes)}


@dataclass(frozen=True, kw_only=True)
class Digits(Bundled):
    """Handwritten digits, 8 by 8 grey values in 0..1: `image` [8, 8, 1], `label` below 10."""

    name = "digits"
    examples = 1797
    types = _labelled("image", (8, 8, 1), 10)
    normalize: str = _normalize("none")


@dataclass(frozen=True, kw_only=True)
class Iris(Bundled):
    """Three species of iris by four lengths: `features` [4], `label` below 3."""

    name = "iris"
    examples = 150
    types = _labelled("features", (4,), 3)


@dataclass(frozen=True, kw_only=True)
class Wine(Bundled):
    """Three cultivars of wine by a chemical analysis: `features` [13], `label` below 3."""

    name = "wine"
    examples = 178
    types = _labelled("features", (13,), 3)


@dataclass(frozen=True, kw_only=True)
class BreastCancer(Bundled):
    """Malignant and benign tumours by their cell nuclei: `features` [30], `label` below 2."""

    name = "breast_cancer"
    examples = 569
    types = _labelled("features", (30,), 2)


@dataclass(frozen=True, kw_only=True)
class Diabetes(Bundled):
    """Progression of diabetes within a year, 25 to 346: `features` [10], `target` [1]."""

    name = "diabetes"
    target = "target"
    examples = 442
    types: ClassVar[dict[str, Type]] = {"features": Type((10,)), "target": Type((1,))}


# The sets that are looked for on disk and downloaded.


@dataclass(frozen=True, kw_only=True)
class Downloaded(ArraySource):
    """The base of sets of images with published files: looked for on disk, then downloaded.

    Attributes:
        image: the shape of an image.
        folder: the name of the folder that holds the files.
    """

    image: ClassVar[tuple[int, ...]] = (28, 28, 1)
    examples: ClassVar[int] = 60000
    folder: ClassVar[str]

    data_dir: str | None = attribute(Text(), "a folder to look in first", None)
    download: bool = attribute(Bool(), "whether a set that is not there is downloaded", True)

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.sizes(self.examples)
        return _labelled("image", self.image, 10)


@dataclass(frozen=True, kw_only=True)
class Mnist(Downloaded):
    """Handwritten digits, grey values in 0..1: `image` [28, 28, 1], `label` below 10."""

    name = folder = "mnist"


@dataclass(frozen=True, kw_only=True)
class FashionMnist(Downloaded):
    """Pictures of clothes, grey values in 0..1: `image` [28, 28, 1], `label` below 10."""

    name = "fashion_mnist"
    folder = "fashion-mnist"


@dataclass(frozen=True, kw_only=True)
class Usps(Downloaded):
    """Digits of zip codes, grey values in -1..1: `image` [16, 16, 1], `label` below 10."""

    name = folder = "usps"
    image = (16, 16, 1)
    examples = 7291


# Files of the user's own.


@dataclass(frozen=True, kw_only=True)
class FileSource(Undivided):
    """The base of sources that are a file of the user's; `target` is also the field's name."""

    path: str = primary(Text(), "the file, relative to the folder of the spec")
    # The base's class variable is an attribute here: the user's own name for the target.
    target: str = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "what is predicted: the name of a column or an array"
    )
    kind: str = attribute(
        Text(("classes", "number")),
        "what the target is: `classes` for an int below their number, `number` for floats",
        "classes",
    )
    test_path: str | None = attribute(
        Text(), "a second file, the test split, in place of `test`", None
    )

    def test_part(self) -> float | int:
        if self.test_path is None:
            return self.test
        if self.test != Undivided.test:
            message = "`test` and `test_path` exclude each other"
            raise ShapeError(message, "drop one of them", "GC518")
        return 0

    def file(self, folder: str, path: str | None = None) -> str:
        """Where `path` (the training file if None) is; raises ShapeError GC511."""
        found = os.path.join(folder, os.path.expanduser(path or self.path))
        if not os.path.isfile(found):
            parent, name = os.path.split(found)
            near = os.listdir(parent or ".") if os.path.isdir(parent or ".") else []
            help = similar(name, near, "file") or "a path starts from the folder of the spec"
            what = "a folder, not a file" if os.path.isdir(found) else "not there"
            raise ShapeError(f"the data file `{found}` is {what}", help, "GC511", path or self.path)
        return found


@dataclass(frozen=True)
class Columns:
    """What a csv file holds: the feature columns, and the classes of the target in their order."""

    features: tuple[str, ...]
    classes: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Csv(FileSource):
    """A csv file with a header: `features` [columns], and the target by its column's name."""

    name = "csv"

    features: tuple[str, ...] | None = attribute(
        Texts(), "the columns to learn from; without it all others that hold numbers", None
    )
    delimiter: str = attribute(Text(tuple(DELIMITERS)), "what stands between cells", "comma")
    normalize: str = _normalize("standard")

    def fields(self, folder: str) -> Mapping[str, Type]:
        return self.types(self.columns(folder))

    def types(self, columns: Columns) -> dict[str, Type]:
        """The fields, once the columns are known."""
        classes = columns.classes
        target = Type((1,)) if classes is None else Type((), "int", len(classes))
        return {"features": Type((len(columns.features),)), self.target: target}

    def columns(self, folder: str) -> Columns:
        """The columns that are used, read no further into the file than it takes.

        Raises:
            ShapeError: GC511 to GC518; what stands in cells is checked when the data is loaded.
        """
        shared = bool(self.test_part() or self.validation)
        path = self.file(folder)
        lines = csv_lines(path, self.delimiter)
        header = next(lines)[1]
        self._check_names(path, header)
        others = [each for each in header if each != self.target]
        undecided = set(others if self.features is None else ())
        counts: Counter[str] = Counter()
        for line, cells in lines:
            row = dict(zip(header, cells, strict=True))
            undecided -= {each for each in undecided if number(row[each]) is not None}
            if self.kind == "number" and not undecided:
                break
            if self.kind == "classes" and row[self.target].lower() in ("", "nan"):
                raise missing_value(path, line, self.target)
            counts[row[self.target]] += 1
        features = self.features or tuple(each for each in others if each not in undecided)
        if not features:
            message = f"no column of `{path}` besides `{self.target}` holds numbers"
            raise ShapeError(message, "add a column of numbers to learn from", "GC512")
        return Columns(features, self._classes(path, counts, shared))

    def _check_names(self, path: str, header: list[str]) -> None:
        chosen = [self.target, *(self.features or ())]
        require_columns(path, header, chosen)
        twice = next((each for each in chosen if chosen.count(each) > 1), None)
        if twice is not None:
            message = f"the column `{twice}` is used twice, in `features` or as the target"
            raise ShapeError(message, "name it once", "GC512")
        if self.target == "features":
            message = "the target's field would be called `features`, as the features are"
            raise ShapeError(message, "rename the column", "GC512")
        if self.features is None and "" in header:
            message = f"column {header.index('') + 1} of `{path}` has no name"
            raise ShapeError(message, "name it, or list the columns to use in `features`", "GC516")

    def _classes(self, path: str, counts: Counter[str], shared: bool) -> tuple[str, ...] | None:
        if self.kind == "number":
            return None
        numbers = [number(each) for each in counts]
        hint = None if None in numbers else "a target that is a quantity has `kind: number`"
        if len(counts) < 2:
            message = f"every row of `{path}` has the same class in column `{self.target}`"
            raise ShapeError(message, hint, "GC517")
        rare = min(counts, key=lambda each: counts[each])
        if counts[rare] < 2 and shared:
            message = f"only one row of `{path}` has the class `{rare}`, so splits cannot share it"
            raise ShapeError(message, hint or "drop the row or add another of the class", "GC517")
        self.sizes(counts.total(), len(counts))
        if None in numbers:
            return tuple(sorted(counts))
        return tuple(sorted(counts, key=lambda each: (float(each), each)))


@dataclass(frozen=True, kw_only=True)
class Npz(FileSource):
    """An npz file of numpy: one field for each array, the first axis counting the examples."""

    name = "npz"

    inputs: tuple[str, ...] = attribute(Texts(), "the arrays to learn from")
    pixels: tuple[str, ...] = attribute(
        Texts(), "those of the inputs that hold bytes and are divided by 255", ()
    )

    def fields(self, folder: str) -> Mapping[str, Type]:
        path = self.file(folder)
        headers = npz_headers(path, (*self.inputs, self.target))
        stray = next((each for each in self.pixels if each not in self.inputs), None)
        if stray is not None:
            help = similar(stray, self.inputs, "input")
            message = f"`pixels` names `{stray}`, which is none of the inputs"
            raise ShapeError(message, help, "GC512", stray)
        if not self.inputs or self.target in self.inputs:
            message = "`inputs` names the target" if self.inputs else "`inputs` is empty"
            raise ShapeError(message, "name the arrays to learn from", "GC512")
        self.sizes(headers[self.target][0][0])
        types = {each: self._input(each, *headers[each]) for each in self.inputs}
        return types | {self.target: self._target(path, *headers[self.target])}

    def _input(self, name: str, shape: tuple[int, ...], dtype: str) -> Type:
        if name in self.pixels and dtype != "uint8":
            message = f"`pixels` wants bytes (uint8), but the array `{name}` holds {dtype}"
            raise ShapeError(message, code="GC516")
        whole = dtype.startswith(("int", "uint")) and name not in self.pixels
        return Type(shape[1:], "int" if whole else "bool" if dtype == "bool" else "float")

    def _target(self, path: str, shape: tuple[int, ...], dtype: str) -> Type:
        if self.kind == "number":
            return Type(shape[1:] or (1,))
        if len(shape) != 1 or not dtype.startswith(("int", "uint")):
            what = f"`{self.target}` has shape {list(shape)} of {dtype}"
            message = f"classes are one integer for each example, but {what}"
            raise ShapeError(message, "a target that is a quantity has `kind: number`", "GC516")
        labels = npz_arrays(path, (self.target,))[self.target]
        low, high = int(labels.min()), int(labels.max())
        if low < 0:
            message = f"the array `{self.target}` of `{path}` holds the class {low}"
            raise ShapeError(message, "count classes from 0", "GC515")
        if low == high:
            raise ShapeError(f"every example of `{path}` has the class {low}", code="GC517")
        return Type((), "int", high + 1)


sources.add(
    Digits,
    Iris,
    Wine,
    BreastCancer,
    Diabetes,
    Mnist,
    FashionMnist,
    Usps,
    Csv,
    Npz,
)
