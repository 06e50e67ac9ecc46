"""The training loop: epochs and dispatches, told as events.

It knows no disk, no terminal and no signals. What it computes depends on the seed and the step
only: a run that goes on from a snapshot is the run that was never stopped, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from graphc.runtime import events
from graphc.runtime.course import Course
from graphc.runtime.evaluation import evaluate_batches, evaluated
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.feed import Part, most_steps, parts, prefetched
from graphc.runtime.steps import Program, Programs, no_totals

Stop = Callable[[], str | None]


def never() -> None:
    """No wish to stop."""


@dataclass
class _Run:
    """Where the loop stands."""

    position: Position
    state: Any
    totals: dict[str, Any]
    finite: bool = True
    stopped: bool = False

    def snapshot(self) -> Snapshot:
        return Snapshot(self.position, self.state, self.totals)


def fit(programs: Programs, course: Course, start: Snapshot, stop: Stop = never) -> Iterator[Event]:
    """Train from `start` to the last epoch, emitting events.

    Args:
        start: its arrays are donated.
        stop: asked between dispatches; a reason ends the loop with `Stopping`.

    Yields:
        Events; the last is `Ended`, `Stopping` or `NotFinite`. The arrays of a snapshot are
        donated when the next event is asked for.
    """
    run = _Run(start.position, start.state, dict(start.totals))
    epochs = range(run.position.epoch, course.epochs)
    with closing(prefetched(partial(course.order, epoch) for epoch in epochs)) as orders:
        for rows in orders:
            if reason := stop():
                yield events.Stopping(reason, run.snapshot())
                return
            yield from _epoch(programs, course, run, rows, stop)
            if run.stopped or not run.finite:
                return
    yield events.Ended(run.snapshot())


def _epoch(
    programs: Programs, course: Course, run: _Run, rows: np.ndarray, stop: Stop
) -> Iterator[Event]:
    epoch = run.position.epoch
    steps = len(rows)
    yield events.EpochStarted(run.position, steps)
    most = most_steps(course.data, rows.shape[1], course.steps_per_dispatch)
    lengths = _lengths(course, run.position, steps, most)
    examples, seconds, means = 0, 0.0, None
    with closing(parts(course.data, rows, lengths, most)) as several:
        for before, count in lengths:
            seconds -= time.perf_counter()
            part = next(several)
            seconds += time.perf_counter()
            train = (run.state, run.totals, *part, np.int32(0), course.key)
            yield from compiling(programs.train, "the training step", stop, train)
            if not programs.train.compiled:
                run.stopped = True
                yield events.Stopping(str(stop()), run.snapshot())
                return
            seconds += _dispatch(programs, course, run, part, count)
            examples += int((rows[before : run.position.done] >= 0).sum())
            speed = examples / max(seconds, 1e-9)
            if not run.finite:
                yield events.NotFinite(run.snapshot(), rows[run.position.done])
                return
            means = programs.means(run.totals)
            yield events.Progress(run.position, steps, means, speed)
            if run.position.done < steps:
                if reason := stop():
                    run.stopped = True
                    yield events.Stopping(reason, run.snapshot())
                    return
                if course.snapshot_steps and run.position.step % course.snapshot_steps == 0:
                    yield events.SnapshotDue(run.snapshot())
    train = programs.means(run.totals) if means is None else means
    run.position = Position(run.position.step, epoch + 1, 0)
    run.totals = no_totals(run.totals)
    validation = None
    if course.validation:
        weights = evaluated(run.state)
        if not programs.evaluate.compiled:
            first = (weights, next(iter(course.validation)))
            yield from compiling(programs.evaluate, "the evaluation step", never, first)
        validation = evaluate_batches(programs, run.state, course.validation)
    yield events.EpochEnded(epoch, train, validation, examples, seconds, run.snapshot())


def compiling(program: Program, what: str, stop: Stop, arguments: tuple) -> Iterator[Event]:
    """Compile, with an event before and after, unless that is done or a stop comes first."""
    if not program.compiled:
        yield events.Compiling(what)
        if program.compile(*arguments, stop=stop):
            yield events.Compiled(what, program.seconds)


def steps_to_go(course: Course, position: Position, steps: int, most: int) -> int:
    """How many steps to dispatch: to the end of the epoch or the next snapshot at most."""
    length = min(most, steps - position.done)
    if course.snapshot_steps:
        length = min(length, course.snapshot_steps - position.step % course.snapshot_steps)
    return length


def _lengths(course: Course, position: Position, steps: int, most: int) -> list[tuple[int, int]]:
    """From where each dispatch of an epoch goes, and how many steps."""
    found, at = [], position
    while at.done < steps:
        length = steps_to_go(course, at, steps, most)
        found.append((at.done, length))
        at = Position(at.step + length, at.epoch, at.done + length)
    return found


def _dispatch(programs: Programs, course: Course, run: _Run, part: Part, count: int) -> float:
    """Run `count` steps; returns the seconds they took."""
    started = time.perf_counter()
    run.state, run.totals, done, finite = programs.train(
        run.state, run.totals, *part, np.int32(count), course.key
    )
    done, run.finite = int(done), bool(finite)
    position = run.position
    run.position = Position(position.step + done, position.epoch, position.done + done)
    return time.perf_counter() - started
