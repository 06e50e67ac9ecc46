"""The `train` section: a declaration like any other."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Declared, Either, Group, Int, Many, Text
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.registry import losses, metrics, optimizers
from graphc.ops.objectives import Loss, Metric
from graphc.ops.optimizers import Adam, Optimizer
from graphc.ops.stopping import EarlyStopping


@dataclass(frozen=True)
class Training(Declaration):
    """How one network is trained on one loss."""

    name = "train"

    loss: Loss = primary(Declared(losses), "what is minimised: of the output against the target")
    optimizer: Optimizer = attribute(Declared(optimizers), "what moves the weights", Adam(1e-3))
    epochs: int = attribute(Int(1), "how often the training data is gone through", 10)
    batch_size: int | str = attribute(
        Either((Int(1), Text(("full",)))), "examples per step; `full`: all of them", 32
    )
    metrics: tuple[Metric, ...] | None = attribute(
        Many(Declared(metrics)), "what is measured beside the loss; default: what suits it", None
    )
    seed: int = attribute(Int(0), "of the weights, the order of examples and dropout", 0)
    steps_per_dispatch: int | None = attribute(
        Int(1), "steps that run on the device without a word to Python; default: by a table", None
    )
    epoch_steps: int | None = attribute(
        Int(1), "steps that schedules count as an epoch; default: those of the data", None
    )
    keep: int = attribute(Int(1), "how many of the last checkpoints stay, the best one aside", 2)
    early_stopping: EarlyStopping | None = attribute(
        Group(EarlyStopping), "when to end before the last epoch; default: never", None
    )

    def rows(self, examples: int) -> int:
        """The examples of a step, where there are so many to train on."""
        return examples if isinstance(self.batch_size, str) else self.batch_size

    def steps(self, examples: int) -> int:
        """The steps of an epoch over so many examples."""
        return self.epoch_steps or -(-examples // self.rows(examples))
