"""A look at the numbers of every training step, against one when a dispatch of them is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np

from benchmarks.forms import verdict, wrong
from benchmarks.machine import compile_here, here
from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc import api
from graphc.runtime.blueprint import settings_of
from graphc.runtime.course import course_of
from graphc.runtime.module import module_from_source
from graphc.runtime.steps import Programs, batch_shapes, no_totals

SECONDS = 0.2
SPECS = (
    "iris_mlp",
    "digits_logistic",
    "digits_mlp",
    "digits_gan",
    "usps_mlp",
    "karate",
    "mnist_mlp",
    "mnist_lenet5",
    "mnist_gan",
    "mnist_highway50",
)
CHOICES = SPECS
EVERY, END = "at every step", "at the end"


def run(options: Options) -> Result:
    """The time with a look at every step over that with one look at the end."""
    rounds = options.rounds or (3 if options.quick else 15)
    names = options.chosen(SPECS)
    names = names[:1] if options.quick else names
    found = {name: _measured(name, rounds) for name in names}
    rows = [
        [name, f"{steps:,}", f"{1e3 * per_step.median:.3f} ms", ratio.text("{:.2f}")]
        for name, (steps, per_step, ratio) in found.items()
    ]
    header = ["spec", "steps", "a step with one look at the end", "at every step : at the end"]
    numbers = {name: ratio.values for name, (_, _, ratio) in found.items()}
    notes = [
        note for name, (steps, _, ratio) in found.items() for note in _wrong(name, steps, ratio)
    ]
    return Result([Table(header, rows)], verdict(notes), numbers)


def _wrong(name: str, steps: int, ratio: Sample) -> list[str]:
    taken = END if steps >= here().unguarded_steps else EVERY
    return wrong(name, taken, {END: {"training": ratio}}, EVERY)


def _measured(name: str, rounds: int) -> tuple[int, Sample, Sample]:
    """The steps of a dispatch, the time of one, and the ratio."""
    made = {EVERY: _training(name, 0), END: _training(name, here().unguarded)}
    times = interleaved({word: action for word, (_, action) in made.items()}, rounds)
    ends = times[END]
    print(name, *(f"{word} {1e3 * each.median:.4f} ms" for word, each in times.items()))
    return made[END][0], ends, times[EVERY].over(ends)


def _training(name: str, most: int) -> tuple[int, Callable[[], float]]:
    """The steps of a dispatch, and what says how many seconds a step takes."""
    forms = replace(here(), unguarded=most, unguarded_steps=2)
    model = api.Model(compile_here(f"specs/{name}.yaml", forms=forms))
    dataset, compiled = model.with_data()
    settings = settings_of(compiled, dataset.count("train"))
    module = module_from_source(compiled.source, f"<{name}>")
    programs = Programs(module, settings.steps_per_dispatch)
    course = course_of(dataset, settings)
    order = course.order(0)
    steps = min(len(order), settings.steps_per_dispatch)
    state = [programs.init(jax.random.key(0))]
    weights = {part: state[0][part] for part in ("params", "statistics")}
    shapes = batch_shapes(course.data, order.shape[1])
    totals = no_totals(jax.eval_shape(module.evaluate_step, weights, shapes))
    key, begin, count = course.key, np.int32(0), np.int32(steps)

    def dispatch() -> float:
        started = time.perf_counter()
        state[0], _, done, finite = programs.train(
            state[0], dict(totals), course.data, order, begin, count, key
        )
        assert int(done) and bool(finite)
        return time.perf_counter() - started

    dispatch()
    times = max(1, round(SECONDS / dispatch()))
    return steps, lambda: sum(dispatch() for _ in range(times)) / times / steps
