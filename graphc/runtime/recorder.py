"""Turns events into files: checkpoints, lines of `metrics.jsonl`, the material of the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from graphc.runtime import events
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.keeper import Keeper, Offer
from graphc.runtime.restore import snapshot_arrays
from graphc.runtime.rundir import RunDirectory


class Recorder:
    """Keeps what a run does in its directory.

    Args:
        run: the directory.
        keeper: of its checkpoints.
        monitor: the validation metric that says which checkpoint is best.
        report: is told of checkpoints.
        seconds: what the run took before this process.
    """

    def __init__(
        self,
        run: RunDirectory,
        keeper: Keeper,
        monitor: str,
        report: Callable[[Event], None],
        seconds: float = 0.0,
    ) -> None:
        self.run, self.keeper, self.monitor, self.report = run, keeper, monitor, report
        self._before, self._started = seconds, time.perf_counter()
        self.examples, self.training_seconds, self.compile_seconds = 0, 0.0, 0.0

    @property
    def seconds(self) -> float:
        """What the run took, all its processes together."""
        return self._before + time.perf_counter() - self._started

    def __call__(self, event: Event) -> None:
        """Write what has to be written.

        Raises:
            RunError: GC604 or GC608.
        """
        match event:
            case events.Compiled():
                self.compile_seconds += event.seconds
            case events.EpochEnded():
                self._epoch(event)
            case events.SnapshotDue():
                self.save(event.snapshot)
            case events.Stopping():
                self.save(event.snapshot)
                self.note("stopped", event.snapshot.position, reason=event.reason)
            case events.NotFinite():
                self.save(event.snapshot)
                self.note("not_finite", event.snapshot.position)
            case events.Ended():
                self.save(event.snapshot)

    def save(self, snapshot: Snapshot) -> None:
        """Write a checkpoint now."""
        self._save(snapshot, None, now=True)

    def note(self, event: str, position: Position, **more: Any) -> None:
        """A line of `metrics.jsonl` that is no epoch."""
        line = {"event": event, "epoch": position.epoch, "step": position.step, **more}
        self.run.log(line)

    def last_epoch(self) -> Mapping[str, Any]:
        """The line of the last epoch, of this process or an earlier one."""
        lines = [line for line in self.run.history() if line["event"] == "epoch"]
        return lines[-1] if lines else {}

    def epoch_at(self, step: int) -> Mapping[str, Any]:
        """The line of the epoch that ended with this step."""
        lines = [line for line in self.run.history() if line["event"] == "epoch"]
        return next((line for line in lines if line["step"] == step), {})

    def _epoch(self, event: events.EpochEnded) -> None:
        self.examples += event.examples
        self.training_seconds += event.seconds
        line = {"event": "epoch", "epoch": event.epoch + 1, "step": event.snapshot.position.step}
        line["train"] = dict(event.train)
        if event.validation is not None:
            line["validation"] = dict(event.validation)
        line["seconds"] = round(event.seconds, 6)
        line["examples_per_second"] = round(event.examples / max(event.seconds, 1e-9), 1)
        self.run.log(line)
        self._save(event.snapshot, (event.validation or {}).get(self.monitor))

    def _save(self, snapshot: Snapshot, value: float | None, now: bool = False) -> None:
        weights = self.run.blueprint.weights
        offer = Offer(
            lambda: snapshot_arrays(snapshot.alone(), weights),
            snapshot.position,
            value,
            {"seconds": self.seconds},
        )
        if (path := self.keeper.offer(offer, now)) is not None:
            self.report(events.Saved(snapshot.position.step, str(path)))
