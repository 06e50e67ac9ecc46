"""The training loop: epochs and dispatches, told as events.

It knows no disk, no terminal and no signals. What it computes depends on the seed and the step
only: a run that goes on from a snapshot is the run that was never stopped, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np

from graphc.runtime import events
from graphc.runtime.course import Course
from graphc.runtime.evaluation import evaluate_batches, evaluated
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.feed import Part, first_part, most_steps, parts, prefetched
from graphc.runtime.steps import Program, Programs, no_totals

Stop = Callable[[], str | None]
SHORT = 0.1
"""Seconds of a dispatch that the next one does not wait for: behind longer ones a stop would."""


def never() -> None:
    """No wish to stop."""


@dataclass(frozen=True)
class _Turn:
    """A dispatch: `count` steps of an epoch, from the step `before` on.

    Args:
        rows: the order of the epoch.
        part: what the program is given of the split.
        opens: whether it is the first of the epoch, or after a resume.
    """

    rows: np.ndarray
    part: Part
    before: int
    count: int
    opens: bool

    @property
    def closes(self) -> bool:
        return self.before + self.count == len(self.rows)


@dataclass(frozen=True)
class _Begun:
    """A dispatch whose steps may still be under way.

    Args:
        arguments: what the program was given.
        found: what it gives.
        since: when it was begun.
    """

    turn: _Turn
    arguments: tuple
    found: tuple
    since: float

    @classmethod
    def of(cls, programs: Programs, course: Course, turn: _Turn, state: Any, totals: Any) -> _Begun:
        since = time.perf_counter()
        arguments = _arguments(course, turn, state, totals)
        return cls(turn, arguments, programs.train.begin(*arguments), since)

    def next(self, programs: Programs, course: Course, turn: _Turn) -> _Begun:
        """The dispatch behind this one, which need not have ended."""
        state, totals = self.found[:2]
        return _Begun.of(programs, course, turn, state, no_totals(totals) if turn.opens else totals)


@dataclass
class _Run:
    """Where the loop stands, what was done in the epoch, and how long the last dispatch took."""

    position: Position
    state: Any
    totals: dict[str, Any]
    finite: bool = True
    examples: int = 0
    seconds: float = 0.0
    seen: float = 0.0
    last: float = 0.0

    def snapshot(self) -> Snapshot:
        return Snapshot(self.position, self.state, self.totals)

    def end(self, programs: Programs, begun: _Begun) -> None:
        """Wait for a dispatch, and go to where it leads."""
        found = programs.train.ended(begun.arguments, begun.found)
        self.state, self.totals, done, self.finite = *found[:2], int(found[2]), bool(found[3])
        now = time.perf_counter()
        self.last = now - max(begun.since, self.seen)
        self.seconds += self.last
        self.seen = now
        before = self.position
        self.position = Position(before.step + done, before.epoch, before.done + done)
        self.examples += int((begun.turn.rows[before.done : self.position.done] >= 0).sum())


def fit(programs: Programs, course: Course, start: Snapshot, stop: Stop = never) -> Iterator[Event]:
    """Train from `start` to the last epoch, emitting events.

    Where dispatches are short and the program leaves what it is given alone, the next one is begun
    before the last one is told of: the device goes on while Python talks.

    Args:
        start: its arrays are donated.
        stop: asked between dispatches; a reason ends the loop with `Stopping`.

    Yields:
        Events; the last is `Ended`, `Stopping` or `NotFinite`. The arrays of a snapshot are
        donated when the next event is asked for.
    """
    run = _Run(start.position, start.state, dict(start.totals), last=inf)
    begun: _Begun | None = None
    with closing(_turns(course, run.position)) as turns:
        turn = next(turns, None)
        while turn is not None:
            if turn.opens:
                if reason := stop():
                    yield events.Stopping(reason, run.snapshot())
                    return
                yield events.EpochStarted(run.position, len(turn.rows))
                run.examples, run.seconds = 0, 0.0
            train = _arguments(course, turn, run.state, run.totals)
            yield from compiling(programs.train, "the training step", stop, train)
            if not programs.train.compiled:
                yield events.Stopping(str(stop()), run.snapshot())
                return
            begun = begun or _Begun.of(programs, course, turn, run.state, run.totals)
            following = next(turns, None)
            ahead = programs.train.lasting and run.last < SHORT and following is not None
            then = begun.next(programs, course, following) if ahead else None
            run.end(programs, begun)
            if not run.finite:
                yield events.NotFinite(run.snapshot(), turn.rows[run.position.done])
                return
            means = programs.means(run.totals)
            speed = run.examples / max(run.seconds, 1e-9)
            yield events.Progress(run.position, len(turn.rows), means, speed)
            if turn.closes:
                yield from _closing(programs, course, run, means)
            elif reason := stop():
                yield events.Stopping(reason, run.snapshot())
                return
            elif course.snapshot_steps and run.position.step % course.snapshot_steps == 0:
                yield events.SnapshotDue(run.snapshot())
            turn, begun = following, then if programs.train.lasting else None
    yield events.Ended(run.snapshot())


def foresee(programs: Programs, course: Course, start: Snapshot) -> None:
    """Begin to compile the training step for a run that will start so; shapes do for arrays."""
    if start.position.epoch < course.epochs:
        rows = course.order(start.position.epoch)
        most = most_steps(course.data, rows.shape[1], course.steps_per_dispatch)
        part = first_part(course.data, rows, most)
        arguments = (start.state, start.totals, *part, np.int32(0), course.key)
        programs.train.begin_compiling(*arguments)


def _arguments(course: Course, turn: _Turn, state: Any, totals: Any) -> tuple:
    """What the training program is given for a dispatch."""
    return state, totals, *turn.part, np.int32(turn.count), course.key


def _closing(programs: Programs, course: Course, run: _Run, train: Any) -> Iterator[Event]:
    """The end of an epoch: what it came to, on the validation split too."""
    epoch = run.position.epoch
    run.position = Position(run.position.step, epoch + 1, 0)
    run.totals = no_totals(run.totals)
    validation = None
    if course.validation:
        weights = evaluated(run.state)
        if not programs.evaluate.compiled:
            first = (weights, next(iter(course.validation)))
            yield from compiling(programs.evaluate, "the evaluation step", never, first)
        validation = evaluate_batches(programs, run.state, course.validation)
    done = run.examples, run.seconds
    yield events.EpochEnded(epoch, train, validation, *done, run.snapshot())


def _turns(course: Course, position: Position) -> Generator[_Turn]:
    """All dispatches from there to the end."""
    epochs = range(position.epoch, course.epochs)
    with closing(prefetched(partial(course.order, epoch) for epoch in epochs)) as orders:
        for epoch, rows in zip(epochs, orders, strict=True):
            most = most_steps(course.data, rows.shape[1], course.steps_per_dispatch)
            lengths = _lengths(course, position, len(rows), most)
            with closing(parts(course.data, rows, lengths, most)) as several:
                for (before, count), part in zip(lengths, several, strict=True):
                    yield _Turn(rows, part, before, count, (before, count) == lengths[0])
            position = Position(position.step + len(rows) - position.done, epoch + 1, 0)


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
