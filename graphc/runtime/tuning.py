"""Which forms are faster for one spec on the device at hand: measured, one choice after another.

What is fastest so far and a form that differs from it in one thing take turns at some steps of
training. The form is kept where the lower quartile of the ratios of their times says that it is
faster; so what noise there is slows both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import jax
import numpy as np

from graphc.compiler import Compiled
from graphc.core.forms import Forms
from graphc.data.dataset import Dataset
from graphc.insight.roofline import Peaks
from graphc.runtime.blueprint import settings_of
from graphc.runtime.course import course_of
from graphc.runtime.evaluation import evaluated
from graphc.runtime.feed import most_steps, parts
from graphc.runtime.module import module_from_source
from graphc.runtime.peaks import measured_peaks
from graphc.runtime.steps import Counted, Programs, batch_shapes, no_totals

ROUNDS = 7
SECONDS = 0.15
"""How long what is measured takes each time, at least."""
FASTER = 1.02
_ANY = 10**9

CHANGES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("convolutions of the library", {"band": 0}),
    ("convolutions by rows", {"band": _ANY, "band_features": _ANY, "band_channels": _ANY}),
    ("convolutions of YNNPACK", {"ynnpack": True}),
    ("layers one by one", {"rolled": _ANY}),
    ("layers in a loop", {"rolled": 2}),
    ("products of one input apart", {"merged": 0}),
    ("products of one input as one", {"merged": _ANY}),
    ("all of the inputs", {"sparse": 0.0, "sparse_dropped": 0.0}),
    ("products with inputs before loops", {"stays": 0.0}),
    ("products with inputs in loops", {"stays": 1e-6}),
    ("products of one value of a loop apart", {"shared": False}),
    ("affine cycles for all steps at once", {"affine": True}),
    ("gates of a cell one by one", {"gates": False}),
    ("gates of a cell as one", {"gates": True}),
    ("axes of a batch apart", {"flat": False}),
    ("axes of a batch as one", {"flat": True, "steps": False}),
    ("axes of a batch step by step", {"flat": True, "steps": True}),
    ("2 steps in a round of a loop", {"unroll": 2}),
    ("4 steps in a round of a loop", {"unroll": 4}),
    ("1 step per dispatch", {"steps_per_dispatch": 1}),
    ("10 steps per dispatch", {"steps_per_dispatch": 10}),
    ("100 steps per dispatch", {"steps_per_dispatch": 100}),
    ("1,000 steps per dispatch", {"steps_per_dispatch": 1000}),
)
"""What is tried, in this order, with the attributes of `Forms` that it is."""

Compile = Callable[[Forms], tuple[Compiled, Dataset]]


@dataclass(frozen=True)
class Tried:
    """A form that was measured, or was not.

    Attributes:
        words: what it is.
        ratios: the time of a step of what was fastest before over its own, round by round; empty
            where it was not measured.
        kept: whether it is the fastest now.
        predicted: that ratio by XLA's count of operations and bytes, what the device does of both
            at most, and what a dispatch takes; None where other loops hide what they do.
        why: why it was not measured.
    """

    words: str
    ratios: tuple[float, ...] = ()
    kept: bool = False
    predicted: float | None = None
    why: str = ""

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """The lower one, the median, the upper one."""
        low, middle, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return low, middle, high


@dataclass(frozen=True)
class Fastest:
    """What was the fastest in the end.

    Attributes:
        forms: by what it was compiled.
        examples: how many a second it goes through.
    """

    forms: Forms
    examples: float


def tune(compile: Compile, forms: Forms, seconds: float) -> Iterator[Tried | Fastest]:
    """Try all changes that make a difference, as long as there is time.

    Args:
        compile: a program by its forms, and the data as it takes it.
        forms: those to begin with.
        seconds: after how many no further one is begun.
    """
    ends = time.monotonic() + seconds
    limits = Limits(measured_peaks(), _seconds_of_a_dispatch())
    best = _Trial(*compile(forms))
    for words, changes in CHANGES:
        other, dataset = compile(replace(forms, **changes))  # type: ignore[arg-type]
        if _same(other, best.compiled):
            continue
        left = ends - time.monotonic()
        if other.choices.compile_seconds > left:
            why = "compiling it would take too long" if left > 0 else "there was no time left"
            yield Tried(words, why=why)
            continue
        trial = _Trial(other, dataset)
        tried = Tried(words, _ratios(best, trial), predicted=limits.ratio(best, trial))
        if tried.quartiles[0] > FASTER:
            tried, best, forms = replace(tried, kept=True), trial, other.choices.forms
        yield tried
    yield Fastest(forms, best.examples / min(best.once() for _ in range(ROUNDS)))


@dataclass(frozen=True)
class Limits:
    """What the device does at most.

    Attributes:
        dispatch: the seconds of a program that does nothing.
    """

    peaks: Peaks
    dispatch: float

    def ratio(self, one: _Trial, other: _Trial) -> float | None:
        """The time of a step of one over that of another, if nothing else cost any."""
        if one.loops != other.loops:
            return None
        return self._seconds(one) / self._seconds(other)

    def _seconds(self, trial: _Trial) -> float:
        counted = trial.counted
        products = counted.flops / self.peaks.flops["float32"]
        return max(products, counted.bytes / self.peaks.bandwidth) + self.dispatch / trial.steps


def _seconds_of_a_dispatch() -> float:
    nothing, number = jax.jit(lambda x: x + 1), jax.numpy.zeros(())
    times = []
    for _ in range(50):
        started = time.perf_counter()
        int(nothing(number))
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _same(one: Compiled, other: Compiled) -> bool:
    steps = [each.choices.steps_per_dispatch for each in (one, other)]
    return steps[0] == steps[1] and one.source == other.source


def _ratios(best: _Trial, other: _Trial) -> tuple[float, ...]:
    pairs = []
    for turn in range(ROUNDS):
        first, second = (best, other) if turn % 2 else (other, best)
        times = {first: first.once(), second: second.once()}
        pairs.append(times[best] / times[other])
    return tuple(pairs)


class _Trial:
    """A program that is trained for a moment, again and again, on the first steps of an epoch.

    Attributes:
        examples: of a step.
        steps: of a dispatch.
    """

    def __init__(self, compiled: Compiled, dataset: Dataset) -> None:
        self.compiled = compiled
        settings = settings_of(compiled, dataset.count("train"))
        course = course_of(dataset, settings)
        module = module_from_source(compiled.source, f"<{compiled.checked.name}>")
        self._programs = Programs(module, settings.steps_per_dispatch, settings.drawn_nodes)
        self._data, self._key = course.data, course.key
        self._order = course.order(0)
        self.examples = int((self._order >= 0).sum()) / len(self._order)
        most = most_steps(course.data, self._order.shape[1], settings.steps_per_dispatch)
        self.steps = min(most, len(self._order))
        self._state = self._programs.init(jax.random.key(settings.seed))
        shapes = batch_shapes(dataset.learned, self._order.shape[1])
        found = self._programs.evaluate.shapes(evaluated(self._state), shapes)
        self._totals = no_totals(found)
        self._dispatches = 1
        self._run()
        once = self._run()
        self._dispatches = max(1, round(SECONDS / once))

    @property
    def counted(self) -> Counted:
        """XLA's count of its program."""
        return self._programs.train.counted

    @property
    def loops(self) -> int:
        """Those within a step."""
        around = 1 if self.compiled.choices.steps_per_dispatch > 1 else 0
        return self.counted.loops - around

    def once(self) -> float:
        """The seconds of a step."""
        return self._run() / (self._dispatches * self.steps)

    def _run(self) -> float:
        lengths = [(0, self.steps)] * self._dispatches
        started = time.perf_counter()
        for part in parts(self._data, self._order, lengths, self.steps):
            self._state, _, done, _ = self._programs.train(
                self._state, dict(self._totals), *part, np.int32(self.steps), self._key
            )
            int(done)
        return time.perf_counter() - started
