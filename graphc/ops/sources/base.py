"""What all data sources have in common: their fields, and how examples are shared out."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from graphc.core.attributes import LARGEST_SIZE, Bool, Either, Float, Int, Text
from graphc.core.declaration import Declaration, attribute
from graphc.core.operation import ShapeError
from graphc.core.types import Type

PART = Either((Float(above=0, below=1), Int(0)))


def normalize_attribute(default: str) -> Any:
    """The attribute `normalize` of sources that scale by default, or do not."""
    help = (
        "each feature, or channel, as measured on the training part: `standard` for mean 0 and"
        " variance 1, `min_max` for 0..1"
    )
    return attribute(Text(("none", "standard", "min_max")), help, default)


def labelled(name: str, shape: tuple[int, ...], classes: int) -> dict[str, Type]:
    """A field of floats and the field `label`."""
    return {name: Type(shape), "label": Type((), "int", classes)}


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

    def shares(self, folder: str) -> Mapping[str, float]:
        """Of fields that are 0 nearly everywhere, the share of other numbers, where it is known."""
        return {}

    def training_examples(self) -> int | None:
        """How many examples there are to train on, where that is known without loading them."""
        return None

    def lacks_validation(self) -> bool:
        """Whether it is certain, before anything is loaded, that there is no validation split."""
        return False

    def check_target(self, kind: Type) -> None:
        """Raise ShapeError where the type of the target does not fit what else is declared."""


@dataclass(frozen=True, kw_only=True)
class ArraySource(DataSource):
    """The base of sources that are arrays and are split into train, validation and test.

    Attributes:
        examples: how many there are before they are split, where that is known beforehand.
        types: the fields, where they are known beforehand.
    """

    examples: ClassVar[int]
    types: ClassVar[Mapping[str, Type]]

    validation: float | int = attribute(
        PART, "what is held out of the training part: a fraction of it, or a count", 0.1
    )
    train: float | int | None = attribute(
        Either((Float(above=0, below=1), Int(1))),
        "how much of what is left to train on: a fraction of it, or a count; default: all of it",
        None,
    )
    normalize: str = normalize_attribute("none")
    split_seed: int = attribute(Int(0), "draws the splits; training has its own seed", 0)
    balance: bool = attribute(
        Bool(), "whether every class is seen equally often in training, rare ones repeatedly", False
    )

    folds: int | None = attribute(
        Int(2), "parts that are the validation one after the other, each in a run of its own", None
    )
    fold: int | None = attribute(
        Int(0), "the only part to take, counted from 0; without it all are", None
    )

    stream: bool | str = attribute(
        Either((Bool(), Text(("auto",)))),
        "whether examples stay on the disk until a step needs them; `auto`: where they would fill"
        " the memory",
        "auto",
    )

    def complaint(self) -> str | tuple[str, str] | None:
        if self.folds is None:
            return None if self.fold is None else "`fold` is one of `folds`, which are not given"
        if self.fold is not None and self.fold >= self.folds:
            return f"`fold` is 0 to {self.folds - 1}, not {self.fold}"
        if self.validation != ArraySource.validation:
            return "`folds` and `validation` exclude each other"
        return None

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.sizes(self.examples)
        return dict(self.types)

    def training_examples(self) -> int | None:
        known = getattr(self, "examples", None)
        if known is None:
            return None
        target = self.types[self.target]
        classes = target.below if target.dtype == "int" and target.single else 1
        return self.sizes(known, classes or 1)["train"]

    def check_target(self, kind: Type) -> None:
        if self.balance and (kind.dtype != "int" or not kind.single):
            message = f"`balance` is for a target of classes, and `{self.target}` is {kind}"
            raise ShapeError(message, "leave it out", "GC517", "true")

    def test_part(self) -> float | int:
        """What is held out for the test: 0 where the source brings a test split of its own."""
        return 0

    def validation_part(self) -> float | int:
        """What is held out for the validation: 0 where the source brings one."""
        return self.validation if self.folds is None else 1 / self.folds

    def lacks_validation(self) -> bool:
        return hasattr(self, "examples") and not self.validation_part()

    def sizes(
        self, examples: int, classes: int = 1, brought: Container[str] = ()
    ) -> dict[str, int]:
        """How many of `examples` go where; a fraction is at least one example of each class.

        Args:
            examples: how many there are.
            classes: how many classes they have.
            brought: splits that are there already, so that none is held out for them.

        Raises:
            ShapeError: GC518 where none is left to train on.
        """
        test, validation = self.test_part(), self.validation_part()
        test = 0 if "test" in brought else share(test, examples, classes)
        rest = max(examples - test, 0)
        validation = 0 if "validation" in brought else share(validation, rest, classes)
        train = examples - test - validation
        require_left(train, f"no example is left to train on: of {examples}", test, validation)
        return {"train": self.taken(train, classes), "validation": validation, "test": test}

    def taken(self, left: int, classes: int) -> int:
        """How many of those that are left to train on are taken; raises ShapeError GC518."""
        if self.train is None:
            return left
        count = share(self.train, left, classes)
        if count > left:
            message = f"{count} examples are asked for to train on, and {left} are left"
            raise ShapeError(message, "ask for fewer, or hold out fewer", "GC518", str(count))
        return count


@dataclass(frozen=True, kw_only=True)
class Undivided(ArraySource):
    """The base of sources without a test split of their own.

    Attributes:
        test_path: where one is that is given, in sources that are files.
    """

    test_path: ClassVar[str | None] = None

    test: float | int = attribute(
        PART, "what is held out for the test: a fraction of all examples, or a count", 0.2
    )

    def test_part(self) -> float | int:
        if self.test_path is None:
            return self.test
        if self.test != Undivided.test:
            message = "`test` and `test_path` exclude each other"
            raise ShapeError(message, "drop one of them", "GC518")
        return 0


def share(part: float | int, examples: int, least: int) -> int:
    """How many a part of the examples is: a count, or a fraction that is at least `least`."""
    return max(least, round(part * examples)) if isinstance(part, float) else part


def require_left(train: int, words: str, test: int, validation: int) -> None:
    """Raise ShapeError GC518, which begins with `words`, where nothing is left to learn from."""
    if train < 1:
        held = f"{test} are held out for the test and {validation} for the validation"
        raise ShapeError(f"{words}, {held}", "hold out fewer", "GC518")


def check_size(examples: int, types: Mapping[str, Type]) -> None:
    """Refuse to generate as many as no memory holds; raises ShapeError GC228."""
    numbers = examples * sum(each.size for each in types.values())
    if numbers > LARGEST_SIZE:
        raise ShapeError(
            f"{examples:,} examples are {numbers:,} numbers, and at most {LARGEST_SIZE:,} can be"
            " handled",
            "generate fewer or smaller ones",
            "GC228",
            str(examples),
        )
