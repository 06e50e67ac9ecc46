"""Samples of a noisy machine: medians, quartiles, and rounds in which everything takes its turn."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Values of one quantity, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper one; those of a single value are that value."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def over(self, other: Sample) -> Sample:
        """The ratios round by round, which cancel what slows a whole round."""
        return Sample(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def text(self, form: str = "{:.3g}") -> str:
        """`median (lower quartile to upper quartile)`."""
        low, high = self.quartiles
        return f"{form.format(self.median)} ({form.format(low)} to {form.format(high)})"


def interleaved(actions: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Sample]:
    """Every action once in each round, the order turned by one place from round to round."""
    names = list(actions)
    values: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            values[name].append(actions[name]())
    return {name: Sample(tuple(each)) for name, each in values.items()}


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope of log(time) over log(size) by least squares: 1 is linear, 2 quadratic."""
    x, y = [math.log(each) for each in sizes], [math.log(each) for each in times]
    return statistics.linear_regression(x, y).slope
