"""Several runs one after the other, and side by side in one program: where that pays on the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.forms import verdict, wrong
from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc import api
from graphc.runtime.blueprint import settings_of
from graphc.runtime.course import course_of
from graphc.runtime.state import stacked
from graphc.runtime.steps import Lockstep, Programs, batch_shapes, no_totals

RUNS = (5, 10)
MOST_STEPS = 40
SPECS = (
    "iris_mlp",
    "diabetes_mlp",
    "digits_logistic",
    "digits_mlp",
    "usps_mlp",
    "mnist_mlp",
    "california_mlp",
    "digits_mixer",
    "usps_vit_tiny",
    "mnist_highway50",
    "mnist_lenet5",
    "karate",
    "cora_gcn",
    "graphs_gin",
)

CHOICES = SPECS
ALONE, BESIDE = "one by one", "side by side"


def run(options: Options) -> Result:
    """The ratios of their times for the steps of an epoch, 40 at most."""
    rounds = options.rounds or (3 if options.quick else 15)
    names = options.chosen(SPECS)
    names = names[:1] if options.quick else names
    notes, ratios = [], {}
    for name in names:
        model = api.compile(f"specs/{name}")
        ratios[name] = [_ratio(name, model, count, rounds) for count in RUNS]
        taken = BESIDE if model.compiled.choices.lockstep else ALONE
        for count, each in zip(RUNS, ratios[name], strict=True):
            notes += wrong(f"{name}, {count} runs", taken, {BESIDE: {"training": each}}, ALONE)
    header = ["one by one : side by side", *(f"{count} runs" for count in RUNS)]
    rows = [[name, *(each.text("{:.2f}") for each in ratios[name])] for name in names]
    numbers = {name: [each.values for each in ratios[name]] for name in names}
    return Result([Table(header, rows)], verdict(notes), numbers)


def _ratio(name: str, model: api.Model, count: int, rounds: int) -> Sample:
    dataset, compiled = model.with_data()
    settings, module = settings_of(compiled, dataset.count("train")), model.module()
    course = course_of(dataset, settings)
    order = course.order(0)
    steps = min(len(order), MOST_STEPS, settings.steps_per_dispatch)
    actions = {
        "alone": _alone(module, course, order, steps, count, settings.steps_per_dispatch),
        "together": _together(module, course, order, steps, count),
    }
    times = interleaved(actions, rounds)
    print(name, count, *(f"{key} {1e3 * each.median:.2f} ms" for key, each in times.items()))
    return times["alone"].over(times["together"])


def _states(module, course, count: int):
    programs, batch = Programs(module, 1), course.order(0)[0]
    states = [programs.init(jax.random.key(seed)) for seed in range(count)]
    found = jax.eval_shape(module.evaluate_step, states[0], batch_shapes(course.data, len(batch)))
    return states, no_totals(found)


def _alone(module, course, order, steps: int, count: int, most: int) -> Callable[[], float]:
    programs = Programs(module, most)
    states, totals = _states(module, course, count)

    def measure() -> float:
        started = time.perf_counter()
        for slot in range(count):
            sums = dict(totals)
            for at in range(0, steps if most == 1 else 1):
                begin, length = np.int32(at), np.int32(1 if most == 1 else steps)
                states[slot], sums, done, finite = programs.train(
                    states[slot], sums, course.data, order, begin, length, course.key
                )
                assert int(done) and bool(finite)
                programs.means(sums)
        return time.perf_counter() - started

    measure()
    return measure


def _together(module, course, order, steps: int, count: int) -> Callable[[], float]:
    programs = Lockstep(module, count)
    states, totals = _states(module, course, count)
    found = [stacked(states)]
    orders, keys = np.stack([order] * count), jnp.stack([course.key] * count)
    sums = {name: np.stack([each] * count) for name, each in totals.items()}
    begin, length = np.zeros(count, np.int32), np.full(count, steps, np.int32)

    def measure() -> float:
        started = time.perf_counter()
        found[0], added, _, finite = programs.train(
            found[0], sums, course.data, orders, begin, length, keys
        )
        assert np.asarray(finite).all()
        programs.means(added)
        return time.perf_counter() - started

    measure()
    return measure
