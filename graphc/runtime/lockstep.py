"""The loop over several runs side by side, which are one program on the device.

Each run has a slot, an order of examples, a key and a position of its own; one that has ended keeps
its slot and does nothing. Runs that were resumed at different positions go on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.runtime import events
from graphc.runtime.course import Course
from graphc.runtime.evaluation import evaluated
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.loop import Stop, compiling, never, steps_to_go
from graphc.runtime.state import stacked
from graphc.runtime.steps import Lockstep
from graphc.runtime.stopping import Patience

Several = dict[int, Event]
"""What happens to some of the runs at once, by their slots."""


@dataclass
class Lane:
    """One of the runs.

    Args:
        course: what it goes through; all have the same data and number of steps.
        start: where it begins.
        patience: ends it early.
    """

    course: Course
    start: Snapshot
    patience: Patience
    position: Position = field(init=False)
    rows: np.ndarray | None = field(default=None, init=False)
    examples: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.position = self.start.position

    @property
    def over(self) -> bool:
        """Whether nothing is left to train."""
        return self.patience.over or self.position.epoch >= self.course.epochs


def fit_together(
    programs: Lockstep, lanes: Mapping[int, Lane], stop: Stop = never
) -> Iterator[Several]:
    """Train several runs from their starts to their last epochs.

    Args:
        lanes: by their slots; slots without one stay idle.
        stop: asked between dispatches; a reason ends all runs that are left with `Stopping`.

    Yields:
        Events of several runs at once. Those of each run are the ones that `fit` and `until_over`
        give for it alone; the arrays of a snapshot are good until the next are asked for.
    """
    yield from _Together(programs, lanes, stop).events()


class _Together:
    """Where the loop stands."""

    def __init__(self, programs: Lockstep, lanes: Mapping[int, Lane], stop: Stop) -> None:
        self.programs, self.lanes, self.stop = programs, dict(lanes), stop
        some = next(iter(lanes.values()))
        self.course = some.course
        idle = some.start
        starts = [lanes[i].start if i in lanes else idle for i in range(programs.slots)]
        courses = [lanes[i].course if i in lanes else some.course for i in range(programs.slots)]
        self.state = stacked([each.state for each in starts])
        self.totals = stacked([dict(each.totals) for each in starts])
        self.keys = jnp.stack([each.key for each in courses])
        self.order = np.stack([each.order(0) for each in courses])
        self.steps = self.order.shape[1]
        self._handed: Any = None

    def events(self) -> Iterator[Several]:
        yield from self._ended(self.lanes)
        while self.lanes:
            if reason := self.stop():
                yield self._each(self.lanes, lambda _, at: events.Stopping(reason, at))
                return
            yield from self._begun()
            yield from self._compiled()
            if not self.programs.train.compiled:
                continue  # a stop came first
            yield from self._steps()
            yield from self._epochs()

    def _begun(self) -> Iterator[Several]:
        """Those at the start of an epoch, or of this process, get its order of examples."""
        new = [slot for slot, lane in self.lanes.items() if lane.rows is None]
        if not new:
            return
        self.order = self.order.copy()  # the device may still read the one before
        for slot in new:
            lane = self.lanes[slot]
            lane.rows = self.order[slot] = lane.course.order(lane.position.epoch)
            lane.examples, lane.seconds = 0, 0.0
        once = self.steps <= self.course.steps_per_dispatch
        self._handed = self.order if once else jax.device_put(self.order)
        yield self._each(new, lambda lane, _: events.EpochStarted(lane.position, self.steps))

    def _compiled(self) -> Iterator[Several]:
        none = np.zeros(self.programs.slots, np.int32)
        train = (self.state, self.totals, self.course.data, self._handed, none, none, self.keys)
        for event in compiling(self.programs.train, "the training step", self.stop, train):
            yield dict.fromkeys(self.lanes, event)

    def _steps(self) -> Iterator[Several]:
        """One dispatch."""
        starts, counts = np.zeros((2, self.programs.slots), np.int32)
        most = self.course.steps_per_dispatch
        for slot, lane in self.lanes.items():
            starts[slot] = lane.position.done
            counts[slot] = steps_to_go(lane.course, lane.position, self.steps, most)
        began = time.perf_counter()
        self.state, self.totals, done, finite = self.programs.train(
            self.state, self.totals, self.course.data, self._handed, starts, counts, self.keys
        )
        done, finite = np.asarray(done), np.asarray(finite)
        seconds = time.perf_counter() - began
        for slot, lane in self.lanes.items():
            self._move(lane, int(done[slot]), seconds)
        lost = [slot for slot in self.lanes if not finite[slot]]
        if lost:
            yield self._each(lost, lambda lane, at: events.NotFinite(at, _rows(lane)))
            self._leave(lost)
        means = self.programs.means(self.totals)
        yield {slot: self._progress(lane, means[slot]) for slot, lane in self.lanes.items()}
        if due := [slot for slot, lane in self.lanes.items() if self._due(lane)]:
            yield self._each(due, lambda _, at: events.SnapshotDue(at))

    def _move(self, lane: Lane, done: int, seconds: float) -> None:
        before = lane.position
        lane.position = Position(before.step + done, before.epoch, before.done + done)
        lane.seconds += seconds
        if lane.rows is not None:
            lane.examples += int((lane.rows[before.done : lane.position.done] >= 0).sum())

    def _progress(self, lane: Lane, means: dict[str, Any]) -> Event:
        speed = lane.examples / max(lane.seconds, 1e-9)
        return events.Progress(lane.position, self.steps, means, speed)

    def _due(self, lane: Lane) -> bool:
        every = lane.course.snapshot_steps
        inside = lane.position.done < self.steps
        return bool(inside and every and lane.position.step % every == 0)

    def _epochs(self) -> Iterator[Several]:
        """What comes at the end of an epoch, for those that are there."""
        whole = [slot for slot, lane in self.lanes.items() if lane.position.done == self.steps]
        if not whole:
            return
        train = self.programs.means(self.totals)
        for slot in whole:
            lane = self.lanes[slot]
            lane.position = Position(lane.position.step, lane.position.epoch + 1, 0)
            lane.rows = None
        self.totals = {name: _without(each, whole) for name, each in self.totals.items()}
        validation: list[Any] = [None] * self.programs.slots
        if self.course.validation:
            weights, first = evaluated(self.state), next(iter(self.course.validation))
            program = self.programs.evaluate
            for event in compiling(program, "the evaluation step", never, (weights, first)):
                yield dict.fromkeys(whole, event)
            several = [program(weights, batch) for batch in self.course.validation]
            validation = self.programs.means(*several)
        found: Several = {}
        for slot in whole:
            lane = self.lanes[slot]
            epoch, at = lane.position.epoch - 1, self._snapshot(slot)
            found[slot] = events.EpochEnded(
                epoch, train[slot], validation[slot], lane.examples, lane.seconds, at
            )
            lane.patience.over_after(validation[slot])
        yield found
        yield from self._ended(whole)

    def _ended(self, slots: Any) -> Iterator[Several]:
        """Those of these runs that have nothing left to train."""
        if ended := [slot for slot in slots if self.lanes[slot].over]:
            yield self._each(ended, lambda _, at: events.Ended(at))
            self._leave(ended)

    def _leave(self, slots: list[int]) -> None:
        for slot in slots:
            del self.lanes[slot]

    def _each(self, slots: Any, make: Any) -> Several:
        return {slot: make(self.lanes[slot], self._snapshot(slot)) for slot in slots}

    def _snapshot(self, slot: int) -> Snapshot:
        return Snapshot(self.lanes[slot].position, self.state, self.totals, slot)


def _rows(lane: Lane) -> np.ndarray:
    """The examples of the step that it stands before."""
    assert lane.rows is not None
    return lane.rows[lane.position.done]


def _without(totals: Any, slots: list[int]) -> np.ndarray:
    """Sums of which those of some slots begin anew."""
    copy = np.array(totals)
    copy[slots] = 0
    return copy
