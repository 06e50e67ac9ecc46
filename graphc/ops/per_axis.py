"""Attributes with a value for each spatial axis: kernels, strides, paddings.

An image is [length, channels], [height, width, channels] or [depth, height, width, channels]. How
many spatial axes there are is known when types are, so a value is kept as it was written, and
`spread` and `pairs` give it for the axes of an input.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphc.core.attributes import Int, Kind, read_size, unquoted
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.tree import Scalar, Sequence, Tree
from graphc.core.types import Type

Sizes = int | tuple[int, ...]
Pair = tuple[int, int]
Padding = str | int | tuple[int | Pair, ...]


@dataclass(frozen=True)
class PerAxis(Kind):
    """An integer of at least `minimum` for all axes, or a list with one for each."""

    minimum: int = 1

    def read(self, tree: Tree) -> Sizes:
        item = Int(self.minimum)
        if isinstance(tree, Scalar) and type(tree.value) is int:
            return read_size(item, tree)
        if not isinstance(tree, Sequence) or not len(tree):
            raise self.refuse(tree, unquoted(tree))
        return tuple(read_size(item, each) for each in tree)

    def schema(self) -> dict:
        one = Int(self.minimum).schema()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}

    def __str__(self) -> str:
        return f"{Int(self.minimum)}, or a list with one for each axis"


@dataclass(frozen=True)
class Around(Kind):
    """How much lies around an image: an integer, a list with one for each axis or with pairs of
    what lies before and after, or one of `words`."""

    words: tuple[str, ...] = ()

    def read(self, tree: Tree) -> Padding:
        if isinstance(tree, Scalar) and tree.text in self.words:
            return tree.text
        if isinstance(tree, Scalar) and type(tree.value) is int:
            return read_size(Int(0), tree)
        if not isinstance(tree, Sequence) or not len(tree):
            word = tree.text if isinstance(tree, Scalar) else ""
            raise self.refuse(tree, unquoted(tree) or similar(word, self.words, "choice"))
        return tuple(self._entry(each) for each in tree)

    def _entry(self, tree: Tree) -> int | Pair:
        if not isinstance(tree, Sequence):
            return read_size(Int(0), tree)
        if len(tree) != 2:
            raise self.refuse(tree, "write two integers: what lies before, and what lies after")
        before, after = (read_size(Int(0), each) for each in tree)
        return before, after

    def write(self, value: Padding) -> object:  # type: ignore[override]
        if not isinstance(value, tuple):
            return value
        return [list(each) if isinstance(each, tuple) else each for each in value]

    def schema(self) -> dict:
        one = Int(0).schema()
        pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        several = {"type": "array", "items": {"anyOf": [one, pair]}, "minItems": 1}
        words: list[dict] = [{"enum": list(self.words)}] if self.words else []
        return {"anyOf": [*words, one, several]}

    def __str__(self) -> str:
        words = "".join(f"`{word}`, " for word in self.words)
        return (
            f"{words}an integer of at least 0, or a list with one or [before, after] for each axis"
        )


def spread(name: str, attribute: str, value: Sizes, x: Type) -> tuple[int, ...]:
    """The value of an attribute for each spatial axis of the input."""
    axes = len(x.shape) - 1
    if isinstance(value, int):
        return (value,) * axes
    channel = f"; `reshape: {[*x.shape, 1]}` gives an image its channel"
    _check_length(name, attribute, value, x, channel)
    return value


def pairs(name: str, attribute: str, value: int | tuple[int | Pair, ...], x: Type) -> list[Pair]:
    """What lies before and after the image along each of its spatial axes."""
    if isinstance(value, int):
        return [(value, value)] * (len(x.shape) - 1)
    both = f"; `[{Around().write(value)}]` is what lies before and after"
    _check_length(name, attribute, value, x, both)
    return [(each, each) if isinstance(each, int) else each for each in value]


def _check_length(name: str, attribute: str, value: tuple, x: Type, of_two: str) -> None:
    """Refuse a list of the wrong length; `of_two` helps where a list of 2 meets one axis."""
    axes = len(x.shape) - 1
    if len(value) == axes:
        return
    help = f"write one integer for all axes, or a list of {axes}"
    if axes == 1 and len(value) == 2:
        help += of_two
    raise ShapeError(
        f"`{attribute}: {Around().write(value)}` of `{name}` is for {_axes(len(value))}, but its"
        f" input {x} has {_axes(axes)} and channels",
        help,
    )


def _axes(count: int) -> str:
    return "1 axis" if count == 1 else f"{count} axes"


def short(values: Iterable[int | Pair]) -> Sizes | tuple[int | Pair, ...]:
    """Values for each axis as one where they are equal: how a person would write them."""
    written = tuple(
        each[0] if isinstance(each, tuple) and each[0] == each[1] else each for each in values
    )
    return written[0] if len(set(written)) == 1 and isinstance(written[0], int) else written
