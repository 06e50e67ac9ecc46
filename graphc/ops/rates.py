"""Learning rates: numbers, or schedules, of which this is the base."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Declared, Float, Int, Kind, unquoted
from graphc.core.code import Code
from graphc.core.declaration import Declaration
from graphc.core.registry import schedules
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Scalar, Tree

_ELSEWHERE = {"rate", "lr", "schedule", "scheduler", "lr_schedule", "lr_scheduler"}
_STEPS = re.compile(r"([1-9][0-9]*) steps?")
_EPOCHS = re.compile(r"([0-9]+(?:\.[0-9]+)?) epochs?")


@dataclass(frozen=True)
class Duration:
    """A number of epochs, or of steps."""

    number: float
    unit: str = "epochs"

    def steps(self, epoch_steps: int) -> int:
        """In steps, for an epoch of so many."""
        return int(self.number if self.unit == "steps" else round(self.number * epoch_steps))

    def __str__(self) -> str:
        word = self.unit[:-1] if self.number == 1 else self.unit
        return f"{self.number:g} {word}"


def ends_before(until: int | Duration | None, start: int | Duration) -> bool:
    """Whether what ends with a round or an epoch has ended when something else starts.

    As far as the two can be compared: rounds with rounds, and epochs with epochs.
    """
    if isinstance(until, int) and isinstance(start, int):
        return until <= start
    if isinstance(until, Duration) and isinstance(start, Duration):
        return until.unit == start.unit and until.number <= start.number
    return False


@dataclass(frozen=True)
class Lasting(Kind):
    """A duration: a number of epochs, `5` or `5 epochs`, or `500 steps`."""

    def read(self, tree: Tree) -> Duration:
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) in (int, float) and 0 < value < float("inf"):  # type: ignore[operator]
            return Duration(value)  # type: ignore[arg-type]
        if isinstance(value, str) and (found := _STEPS.fullmatch(value)):
            return Duration(int(found[1]), "steps")
        if isinstance(value, str) and (found := _EPOCHS.fullmatch(value)) and float(found[1]) > 0:
            return Duration(float(found[1]))
        help = "write `5` for five epochs, `500 steps` for steps"
        raise self.refuse(tree, unquoted(tree) or help)

    def write(self, value: object) -> object:
        assert isinstance(value, Duration)
        return value.number if value.unit == "epochs" else f"{value.number:g} steps"

    def schema(self) -> dict:
        steps = {"type": "string", "pattern": f"^{_STEPS.pattern}$"}
        epochs = {"type": "string", "pattern": f"^{_EPOCHS.pattern}$"}
        return {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, steps, epochs]}

    def __str__(self) -> str:
        return "a number of epochs or `... steps`"


@dataclass(frozen=True)
class Rounds(Kind):
    """A number of rounds, or `5 epochs`.

    Args:
        minimum: the fewest rounds.
    """

    minimum: int = 0

    def read(self, tree: Tree) -> int | Duration:
        text = tree.value if isinstance(tree, Scalar) else None
        if isinstance(text, str) and (found := _EPOCHS.fullmatch(text)) and float(found[1]) > 0:
            return Duration(float(found[1]))
        if type(text) is int and text >= self.minimum:
            return text
        raise self.refuse(tree, unquoted(tree) or "write `500` for rounds, `5 epochs` for epochs")

    def write(self, value: object) -> object:
        return str(value) if isinstance(value, Duration) else value

    def schema(self) -> dict:
        epochs = {"type": "string", "pattern": f"^{_EPOCHS.pattern}$"}
        return {"anyOf": [Int(self.minimum).schema(), epochs]}

    def __str__(self) -> str:
        return "a number of rounds, or `... epochs`"


@dataclass(frozen=True)
class Rate(Kind):
    """A learning rate: a number, or a schedule."""

    number: ClassVar[Kind] = Float(above=0)
    schedule: ClassVar[Kind] = Declared(schedules)

    def read(self, tree: Tree) -> object:
        named = isinstance(tree, MappingTree) or (
            isinstance(tree, Scalar) and isinstance(tree.value, str) and not unquoted(tree)
        )
        return self.schedule.read(tree) if named else self.number.read(tree)

    def write(self, value: object) -> object:
        return self.schedule.write(value) if isinstance(value, Declaration) else value

    def schema(self) -> dict:
        return {"anyOf": [self.number.schema(), self.schedule.schema()]}

    def short_schema(self) -> dict:
        return self.number.schema()

    def holding(self, word: str) -> str | None:
        return "..." if word in _ELSEWHERE else self.schedule.holding(word)

    def __str__(self) -> str:
        return f"{self.number} or a schedule"


class Schedule(Declaration):
    """The base of schedules: the learning rate of each step.

    `build` is the optax expression. In it a duration is a number of steps, and `over` that was not
    given is the rest of the run. A schedule that has `warmup` starts when that is over.

    Attributes:
        feedback: an optax transformation behind the optimiser's that is told the loss of each
            step, where the schedule depends on it.
    """

    build: ClassVar[Code]
    feedback: ClassVar[Code | None] = None

    def holes(self) -> dict[str, object]:
        """Values of `build` and `feedback` that are no attributes."""
        return {}

    @property
    def largest(self) -> float:
        """The largest rate that it gives."""
        return getattr(self, "rate", 0.0)

    def ends(self) -> tuple[tuple[str, Duration], ...]:
        """The durations that have to be over before the run is, by their attributes."""
        lasting = getattr(self, "over", None)
        return () if lasting is None else (("over", lasting),)
