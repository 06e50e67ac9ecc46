"""Which values the trials of a search try, and how long each trial is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from graphc.core.tree import Scalar, Tree
from graphc.ops.search import TRIALS, Range, Search, Setting

Draw = tuple[int | float, ...]
"""What one trial tries: for each of `Search.over` the place in its list, or a number."""
Values = tuple[Tree, ...]
"""The same as values of the spec."""
_DIGITS = 4


def trials_of(search: Search) -> int:
    """How many trials there are."""
    if search.kind == "grid":
        return math.prod(len(_points(each)) for each in search.over)
    return search.trials or TRIALS


def combinations(search: Search) -> float:
    """How many different trials there can be: infinitely many where a range is not of integers."""
    return math.prod(map(_size, search.over))


def _size(setting: Setting) -> float:
    values = setting.values
    if not isinstance(values, Range):
        return len(values)
    low, high = values.bounds
    return high - low + 1 if values.whole else math.inf


def grid(search: Search) -> list[Draw]:
    """Every combination, the values of the last setting changing fastest."""
    return list(product(*map(_points, search.over)))


def drawn(search: Search, number: int) -> Draw:
    """A trial at random: it depends on the seed of the search and the number of the trial."""
    return tuple(
        _drawn(each, Random(f"{search.seed}/{number}/{each.path.text}")) for each in search.over
    )


def chosen(search: Search, draw: Draw) -> Values:
    """The values that were drawn."""
    return tuple(
        Scalar(repr(each), setting.whole.span)
        if isinstance(setting.values, Range)
        else setting.values[int(each)]
        for setting, each in zip(search.over, draw, strict=True)
    )


def extremes(setting: Setting) -> tuple[int | float, ...]:
    """Every value of a list, the ends of a range."""
    values = setting.values
    if not isinstance(values, Range):
        return tuple(range(len(values)))
    return tuple(worth_writing(each, values) for each in values.bounds)


def worth_writing(value: float, values: Range) -> int | float:
    """A number of a range, with as many digits as a person would write."""
    low, high = values.bounds
    rounded = round(value) if values.whole else float(f"{value:.{_DIGITS}g}")
    return min(max(rounded, low), high)


def _drawn(setting: Setting, random: Random) -> int | float:
    values, share = setting.values, random.random()
    if not isinstance(values, Range):
        return int(share * len(values))
    low, high = values.bounds
    margin = 0.5 if values.whole else 0.0  # so that the ends are as likely as the others
    low, high = low - margin, high + margin
    if values.log is None:
        return worth_writing(low + share * (high - low), values)
    return worth_writing(low * (high / low) ** share, values)


def _points(setting: Setting) -> tuple[int | float, ...]:
    """What a grid has of a setting."""
    values = setting.values
    if not isinstance(values, Range):
        return tuple(range(len(values)))
    low, high = values.bounds
    shares = [i / (values.points - 1) for i in range(values.points)]
    if values.log is None:
        found = [low + share * (high - low) for share in shares]
    else:
        found = [low * (high / low) ** share for share in shares]
    return tuple(dict.fromkeys(worth_writing(each, values) for each in found))


@dataclass(frozen=True)
class Round:
    """A round of successive halving.

    Attributes:
        epochs: how long its trials have been trained when it ends; None: as their spec says.
        trials: how many of the best take part.
    """

    epochs: int | None
    trials: int


def rounds(search: Search, epochs: int) -> list[Round]:
    """The rounds of a search whose trials are trained for so many epochs; the last is whole.

    Example:
        >>> from graphc.ops.search import Halving
        >>> halving = Search((), "random", 27, halving=Halving(epochs=1, factor=3))
        >>> [(each.epochs, each.trials) for each in rounds(halving, 9)]
        [(1, 27), (3, 9), (None, 3)]
    """
    return [*_early(search, epochs)] if search.halving else [Round(None, trials_of(search))]


def _early(search: Search, epochs: int) -> Iterator[Round]:
    halving, left = search.halving, trials_of(search)
    assert halving is not None
    lasting = halving.epochs
    while lasting < epochs:
        yield Round(lasting, left)
        lasting, left = lasting * halving.factor, max(left // halving.factor, 1)
    yield Round(None, left)
