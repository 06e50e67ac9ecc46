"""The `search` section: which values are tried, and how they are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Int, Kind, Nested, Text
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe, plain

METHODS = ("grid", "random", "bayesian")
TRIALS = 20
MOST_TRIALS = 1000
_LARGEST = 1e300  # whose differences are numbers too


@dataclass(frozen=True)
class Bounds(Kind):
    """`[low, high]`, two different numbers."""

    positive: bool = False

    def read(self, tree: Tree) -> tuple[float, float]:
        items = tree.items if isinstance(tree, Sequence) else ()
        values = [each.value if isinstance(each, Scalar) else None for each in items]
        if len(values) != 2 or not all(map(_is_number, values)):
            raise self.refuse(tree, "write `[low, high]`, with two numbers")
        low, high = values
        if not low < high:  # type: ignore[operator]
            help = (
                "write the smaller number first" if low != high else "write two different numbers"
            )
            raise self._odd(tree, f"goes from {low} to {high}", help)
        if self.positive and low <= 0:  # type: ignore[operator]
            help = "start above 0, or write `range`, whose numbers are drawn evenly"
            raise self._odd(tree, f"starts at {low}, which has no logarithm", help)
        return low, high  # type: ignore[return-value]

    def _odd(self, tree: Tree, what: str, help: str) -> SpecError:
        return SpecError(Diagnostic("GC210", f"the range {what}", tree.span, help=help))

    def schema(self) -> dict:
        bound = {"exclusiveMinimum": 0} if self.positive else {}
        number = {"type": "number", **bound}
        return {"type": "array", "items": number, "minItems": 2, "maxItems": 2}

    def __str__(self) -> str:
        return "a list of two numbers" + (" above 0" if self.positive else "")


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= _LARGEST  # type: ignore[arg-type]


@dataclass(frozen=True)
class Range(Declaration):
    """Numbers between two others; whole ones where both of these are whole."""

    name = "over"

    range: tuple[float, float] | None = attribute(Bounds(), "drawn evenly between the two", None)
    log: tuple[float, float] | None = attribute(
        Bounds(positive=True), "drawn evenly in their logarithm, as suits learning rates", None
    )
    points: int = attribute(Int(2), "how many of them a grid has", 5)

    def complaint(self) -> str | None:
        if (self.range is None) == (self.log is None):
            return "values lie in a `range` or are drawn by `log`: write one of the two"
        if self.points > MOST_TRIALS:
            return f"a grid has at most {MOST_TRIALS:,} points, and not {self.points:,}"
        return None

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest."""
        found = self.range if self.log is None else self.log
        assert found is not None
        return found

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return all(type(each) is int for each in self.bounds)


@dataclass(frozen=True)
class Setting:
    """What is tried for one value of the spec.

    Attributes:
        path: of the value, as in `--set`.
        values: a list of them, or a range.
        whole: the values as they were written, for their place.
    """

    path: Scalar
    values: tuple[Tree, ...] | Range
    whole: Tree


@dataclass(frozen=True)
class Settings(Kind):
    """Values to try for each of several paths."""

    def read(self, tree: Tree) -> tuple[Setting, ...]:
        if not isinstance(tree, Mapping) or not len(tree):
            raise self.refuse(tree, "write `over: {train.optimizer.adam: {log: [1e-4, 1e-1]}}`")
        report = Report()
        found = (report.attempt(self._setting, key, value) for key, value in tree)
        several = tuple(each for each in found if each is not None)
        paths = [key.text.removeprefix("params.") for key, _ in tree]
        for i, (key, _) in enumerate(tree):
            if paths[i] in paths[:i]:
                message = f"`{key.text}` is searched over twice"
                report.error("GC210", message, key.span, help="put the values into one list")
        report.stop()
        return several

    def _setting(self, path: Scalar, tree: Tree) -> Setting:
        help = "write a list of values, `{range: [0, 1]}` or `{log: [1e-4, 1e-1]}`"
        if isinstance(tree, Mapping):
            return Setting(path, Range.read(tree, path.span), tree)
        if not isinstance(tree, Sequence) or not len(tree):
            found = "an empty list" if isinstance(tree, Sequence) else describe(tree)
            message = f"`{path.text}` is searched over {found}"
            raise SpecError(Diagnostic("GC210", message, tree.span, help=help))
        return Setting(path, tree.items, tree)

    def write(self, value: object) -> object:
        assert isinstance(value, tuple)
        return {each.path.text: plain(each.whole) for each in value}

    def schema(self) -> dict:
        values = {
            "description": "a list of values, or a range of numbers",
            "anyOf": [{"type": "array", "minItems": 1}, *Nested(Range).schema()["anyOf"]],
        }
        return {"type": "object", "additionalProperties": values, "minProperties": 1}

    def __str__(self) -> str:
        return "a mapping of paths, as `--set` has them, to lists of values or ranges"


@dataclass(frozen=True)
class Halving(Declaration):
    """Successive halving: most trials are given up early, and few are trained to the end.

    All are trained for `epochs`; of these the best, one in `factor`, for `factor` times as many,
    and so on. Those of the last round are trained for the epochs of `train`.

    References: Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter
    optimization", 2016; the inner loop of Li et al., "Hyperband", 2018.
    """

    name = "halving"

    epochs: int = primary(Int(1), "how long the trials of the first round are trained")
    factor: int = attribute(Int(2), "one in so many goes on to the next round", 3)


@dataclass(frozen=True)
class Search(Declaration):
    """Trials with other values, of which the best on the validation split is looked for."""

    name = "search"

    over: tuple[Setting, ...] = attribute(
        Settings(), "the values to try, by the paths of `--set`: a list, `range` or `log`"
    )
    method: str | None = attribute(
        Text(METHODS),
        "`grid`: every combination; `random`; `bayesian`: where good ones are likely (optuna);"
        " default: `grid` for lists alone, without `trials`, else `random`",
        None,
    )
    trials: int | None = attribute(
        Int(1), f"how many trials `random` and `bayesian` make; default: {TRIALS}", None
    )
    seed: int = attribute(Int(0), "of the values that are drawn; training has its own seed", 0)
    monitor: str | None = attribute(
        Text(), "what is compared, on the validation split; default: what `train` watches", None
    )
    halving: Halving | None = attribute(
        Nested(Halving), "successive halving: which trials are given up early; default: none", None
    )

    def complaint(self) -> str | None:
        if self.method == "grid" and self.trials is not None:
            return "a `grid` is every combination, and has no `trials`"
        return None

    @property
    def kind(self) -> str:
        """The method, chosen where none is named."""
        if self.method is not None:
            return self.method
        ranges = any(isinstance(each.values, Range) for each in self.over)
        return "random" if ranges or self.trials is not None else "grid"
