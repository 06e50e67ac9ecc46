"""How a network is trained: what the loop, and not the emitted module, needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from graphc.runtime.errors import fail

_FIXED = (
    *("batch_size", "nodes", "seed", "steps_per_dispatch", "monitor", "maximize", "bootstrap"),
    *("batches", "first_batches"),
)


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    Args:
        epochs: how often the training data is gone through.
        batch_size: examples per step.
        nodes: nodes per step, where neighbours are drawn for them; None: a step is over examples.
        drawn_evaluation: whether neighbours are drawn in evaluation too.
        seed: of the weights, the order of examples and dropout.
        steps_per_dispatch: steps that run on the device without a word to Python; 1 is a program
            without a loop.
        monitor: the validation metric that says which checkpoint is best.
        maximize: whether a larger one is better.
        bootstrap: whether the run learns from a bootstrap sample of the examples.
        batches: how many batches a step goes through, where it is a round of objectives.
        first_batches: how many of them those are that all examples of an epoch are in once.
        slots: how many runs are trained side by side by one program, this one among them.
        samples: of how many examples values are written down, by their names; 0 of one that all
            examples share.
        sample_epochs: after how many epochs again.
        keep: how many of the last checkpoints stay; the best one does too.
        patience: for how many epochs `monitor` may be no better before the run ends; None: it
            goes on to the last epoch.
        minimum_change: how much better a value must be to count.
        schedule_epochs: how many epochs a schedule goes over that lasts as long as the run; None
            where there is none. It is that of the program, which a resumed run keeps. A trial of a
            search may be given up before: its `epochs` are fewer.
        checkpoint_seconds: at least so many seconds lie between two checkpoints; 0 saves after
            every epoch.
        checkpoint_steps: save also in the middle of epochs, after every so many steps.
        cache: whether compiled programs are kept for the next start.
        test: whether the test split is measured at the end.
    """

    epochs: int = 10
    batch_size: int = 32
    nodes: int | None = None
    drawn_evaluation: bool = False
    seed: int = 0
    steps_per_dispatch: int = 100
    monitor: str = "loss"
    maximize: bool = False
    bootstrap: bool = False
    batches: int = 1
    first_batches: int = 1
    slots: int = 1
    samples: Mapping[str, int] = field(default_factory=dict, hash=False)
    sample_epochs: int = 1
    keep: int = 2
    patience: int | None = None
    minimum_change: float = 0.0
    schedule_epochs: int | None = None
    checkpoint_seconds: float = 10.0
    checkpoint_steps: int | None = None
    cache: bool = True
    test: bool = True

    @property
    def learned_size(self) -> int:
        """The examples of a training step, or its nodes."""
        return self.nodes or self.batch_size

    @property
    def drawn_nodes(self) -> int | None:
        """The nodes that are evaluated at a time, where neighbours are drawn for them."""
        return self.nodes if self.drawn_evaluation else None

    def as_dict(self) -> dict[str, Any]:
        """The form that a run keeps."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`; what an older version lacked takes its default."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def require_continues(self, before: Settings, path: object) -> None:
        """Raise RunError GC607 where a resumed run would not be the same run."""
        for name in _FIXED:
            then, now = getattr(before, name), getattr(self, name)
            if then != now:
                message = f"the run in `{path}` has `{name}` {then}, not {now}"
                help = f"leave `{name}` as it was, or train into another directory"
                raise fail("GC607", message, help)
