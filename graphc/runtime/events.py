"""What the loop says: it emits these and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphc.core.diagnostic import Diagnostic

Metrics = Mapping[str, Any]
"""Numbers by name; a confusion matrix is nested lists of them."""


@dataclass(frozen=True)
class Position:
    """How far a run is: `step` steps, `done` of them in the epoch `epoch` (from 0)."""

    step: int = 0
    epoch: int = 0
    done: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The run at a position; good until the loop goes on, which donates its arrays.

    Attributes:
        position: where it stands.
        state: the state of the emitted module.
        totals: what the epoch has summed so far.
        slot: which of the runs it is, where state and totals are stacked ones of several.
    """

    position: Position
    state: Any
    totals: Mapping[str, Any]
    slot: int | None = None

    def alone(self) -> Snapshot:
        """The same with arrays of this run only."""
        from graphc.runtime.state import taken  # here: what is said of a run needs no jax

        if self.slot is None:
            return self
        return Snapshot(self.position, *taken((self.state, self.totals), self.slot))


class Event:
    """The base of all events."""


@dataclass(frozen=True)
class OneOfSeveral(Event):
    """The next of several runs begins, or goes on."""

    name: str


@dataclass(frozen=True)
class SideBySide(Event):
    """Several runs are trained as one program; what is told are the means of their numbers."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class OneByOne(Event):
    """Several runs that could be one program are trained one after the other; `reason` says why."""

    reason: str


@dataclass(frozen=True)
class Compiling(Event):
    """A program is being compiled, for which the run waits."""

    what: str


@dataclass(frozen=True)
class Compiled(Event):
    """It took so many seconds."""

    what: str
    seconds: float


@dataclass(frozen=True)
class Started(Event):
    """The run begins, or goes on, at a position."""

    position: Position
    epochs: int
    steps_per_epoch: int
    parameters: int = 0


@dataclass(frozen=True)
class Inherited(Event):
    """The run starts from weights of another one; `text` says which were taken and which not."""

    text: str


@dataclass(frozen=True)
class Streaming(Event):
    """The examples, `size` bytes of them, stay on the disk; `memory` bytes are free."""

    size: int
    memory: int


@dataclass(frozen=True)
class EpochStarted(Event):
    """An epoch begins, or goes on after a resume."""

    position: Position
    steps: int


@dataclass(frozen=True)
class Progress(Event):
    """A dispatch has ended; `metrics` are the means of the epoch so far."""

    position: Position
    steps: int
    metrics: Metrics
    examples_per_second: float


@dataclass(frozen=True)
class SnapshotDue(Event):
    """A checkpoint was asked for at this position, in the middle of an epoch."""

    snapshot: Snapshot


@dataclass(frozen=True)
class EpochEnded(Event):
    """An epoch is over.

    Attributes:
        epoch: its number, from 0.
        train: the means over its steps, in training mode.
        validation: the means over the validation split after it; None without such a split.
        examples: how many were trained on, in this process, and `seconds` the time it took.
        snapshot: the run after it.
    """

    epoch: int
    train: Metrics
    validation: Metrics | None
    examples: int
    seconds: float
    snapshot: Snapshot


@dataclass(frozen=True)
class Stopping(Event):
    """The run ends early because it was asked to."""

    reason: str
    snapshot: Snapshot


@dataclass(frozen=True)
class NotFinite(Event):
    """The loss or a gradient of the step at `snapshot.position` is not finite.

    The snapshot is the state before that step; `rows` are the examples of its batch, -1 for none.
    """

    snapshot: Snapshot
    rows: Any


@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint is on the disk. (Emitted by what keeps them, not by the loop.)"""

    step: int
    path: str


@dataclass(frozen=True)
class Ended(Event):
    """All epochs are done."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Warned(Event):
    """Something is not as it should be, and the run goes on."""

    diagnostic: Diagnostic


@dataclass(frozen=True)
class Finished(Event):
    """The run is over and its results are on the disk."""

    result: Mapping[str, Any]


@dataclass(frozen=True)
class Tried(Event):
    """A trial of a search has ended, or a round of it.

    Attributes:
        name: of its run.
        values: what it tries, by name, as text.
        metric: what it is judged by, and `score` its value; None where the trial failed.
        epochs: how many it was trained for.
        failed: why it did.
    """

    name: str
    values: Mapping[str, str]
    metric: str
    score: float | None
    epochs: int
    failed: str | None = None
