"""What training does: which network on which loss, who updates what. Knows no JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphc.core.span import Span, nowhere
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.ops.neighbours import Neighbours
from graphc.ops.objectives import Loss, Metric
from graphc.ops.optimizers import Optimizer
from graphc.ops.rates import Duration, Schedule, ends_before
from graphc.ops.tasks import OfOutput
from graphc.plan.updates import Update

Place = Callable[..., Span]
"""Gives the span of a path of keys of the spec."""


@dataclass(frozen=True)
class Term:
    """A loss or metric of one output against one field of the data.

    Args:
        name: what to call it in results.
        measure: the loss or metric.
        output: the output's port, or None for the only one.
        target: the field.
        target_type: the field's type; if left out, that of the output.
        counted: the field that says which points along the axis of its name count, if there is one.
    """

    name: str
    measure: Loss | Metric
    output: str | None
    target: str
    span: Span = field(default_factory=nowhere, compare=False)
    target_type: Type | None = None
    counted: str | None = None


@dataclass(frozen=True)
class Objective:
    """A scalar to minimise and the networks that move for it.

    Args:
        epochs: of the run, for schedules that last as long as it does.
        update: what happens beside the optimiser's rule.
        name: of one of several.
        patterns: of the paths of the weights that one of several moves.
        turns: how often one of several has its turn in a round.
        every: in every so many rounds one of several moves them.
        start: the rounds before it begins.
        until: the round with which it ends, if it does.
    """

    loss: Term
    metrics: tuple[Term, ...]
    updates: tuple[str, ...]
    optimizer: Optimizer
    epochs: int = 1
    update: Update = field(default_factory=Update)
    name: str = ""
    patterns: tuple[str, ...] = ()
    turns: int = 1
    every: int = 1
    start: int | Duration = 0
    until: int | Duration | None = None

    @property
    def pauses(self) -> bool:
        """Whether there are rounds in which it moves nothing."""
        return self.every > 1 or self.start != 0 or self.until is not None

    def meets(self, other: Objective) -> bool:
        """Whether there may be a round in which both move: neither ends before the other starts."""
        return not (ends_before(self.until, other.start) or ends_before(other.until, self.start))

    @property
    def tasks(self) -> tuple[Term, ...]:
        """The losses of several outputs, of which its own is the weighted sum."""
        return tuple(term for term in self.metrics if isinstance(term.measure, OfOutput))

    @property
    def monitor(self) -> tuple[str, bool]:
        """What says which checkpoint is the best, and whether more of it is better.

        The first metric that is a number, or the loss; that of several outputs is it itself.
        """
        for term in () if self.tasks else self.metrics:
            if isinstance(term.measure, Metric) and term.measure.is_number:
                return term.name, term.measure.larger_is_better
        return self.loss.name, getattr(self.loss.measure, "larger_is_better", False)

    @property
    def counted(self) -> int | None:
        """The epochs of the run, where a schedule may count them."""
        rules = (self.optimizer, *(own for _, own in self.update.groups))
        rates = (getattr(each, "learning_rate", None) for each in rules)
        return self.epochs if any(isinstance(each, Schedule) for each in rates) else None


@dataclass(frozen=True)
class Round:
    """How several objectives take their turns.

    Args:
        entries: the names of those that move together on a batch, and how often in a row.
        measured: the values that are measured beside them.
        sampled: the values that are looked at.
        classes: how many classes the data weighs in a loss that leaves that to it, if one does.
        weighed: where that loss stands.
    """

    entries: tuple[tuple[tuple[str, ...], int], ...]
    measured: tuple[str, ...]
    sampled: tuple[str, ...] = ()
    classes: int | None = None
    weighed: Span = field(default_factory=nowhere, compare=False)

    @property
    def batches(self) -> int:
        """How many batches it goes through."""
        return sum(times for _, times in self.entries)


@dataclass(frozen=True)
class Follower:
    """A network that takes its weights from another one.

    Args:
        every: after how many rounds a copy takes them again, if it does.
        decay: what a moving average keeps of itself in a round; None for a copy.
    """

    name: str
    of: str
    every: int | None = None
    decay: float | None = None

    @property
    def moves(self) -> bool:
        """Whether it takes weights after the start too."""
        return self.every is not None or self.decay is not None


@dataclass(frozen=True)
class Plan:
    """One round of training.

    Args:
        network: the network that is called on the data ("" for the only one).
        inputs: for each of its inputs, the field of the data.
        objectives: one; or those of a round.
        longest: for fields whose sequences have a maximum, how many steps, and where that is said.
        round: how they take turns, where the spec has values and objectives.
        still: the networks of which nothing is trained: they run in evaluation mode.
        followers: those of them that take their weights from another network.
    """

    network: str
    inputs: tuple[tuple[str, str], ...]
    objectives: tuple[Objective, ...]
    longest: tuple[tuple[str, int, Span], ...] = field(default=(), compare=False)
    round: Round | None = None
    still: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that is measured: what objectives make small or large, then the metrics."""
        return (*(each.loss for each in self.objectives), *self.objectives[0].metrics)

    @property
    def targets(self) -> tuple[str, ...]:
        """The fields that the outputs of one network are compared with."""
        loss, tasks = self.objectives[0].loss, self.objectives[0].tasks
        return tuple(dict.fromkeys(term.target for term in tasks or (loss,)))

    def reads(self, target: str) -> bool:
        """Whether one network reads the target of the data."""
        return self.round is None and target in {field for _, field in self.inputs}

    def compares(self, target: str) -> tuple[str, ...]:
        """The fields beside the target of the data that are compared with, and never read."""
        read = {target, *(field for _, field in self.inputs)}
        return () if self.round else tuple(each for each in self.targets if each not in read)


@dataclass(frozen=True)
class Program:
    """Everything that becomes one module of source.

    Args:
        name: the spec's name.
        origin: the path of the spec, for the module's first line.
        networks: by name; a single one is called "".
        plan: how to train, if the spec says so.
        inference: whether it only evaluates; the plan then says what the data is called.
        epoch_steps: the steps of an epoch, where that is known.
        class_weights: what each class counts, where the data says it and is known.
        loops: whether everything in it may stand in a loop, on its device.
        steps: whether its network can go step by step.
        unguarded: whether a training step need not look whether its numbers are finite.
        without_ynnpack: whether XLA is told to compute convolutions itself.
    """

    name: str
    origin: str
    networks: Mapping[str, Graph]
    plan: Plan | None = None
    inference: bool = False
    epoch_steps: int | None = None
    class_weights: tuple[float, ...] | None = None
    loops: bool = True
    steps: bool = False
    unguarded: bool = False
    without_ynnpack: bool = False

    @property
    def truncate(self) -> int | None:
        """The steps of the pieces that sequences are learnt from in, if they are."""
        learns = self.plan is not None and not self.inference
        return self.plan.objectives[0].update.truncate if learns and self.plan else None

    @property
    def neighbours(self) -> Neighbours | None:
        """How many neighbours of the nodes of one graph it draws in training, if it does."""
        learns = self.plan is not None and not self.inference
        return self.plan.objectives[0].update.neighbours if learns and self.plan else None

    @property
    def followed(self) -> dict[str, str]:
        """For networks that follow another one as it was written, that one."""
        found = () if self.plan is None else self.plan.followers
        return {
            each.name: each.of
            for each in found
            if self.networks[each.name] == self.networks[each.of]
        }

    @property
    def sparse(self) -> tuple[str, ...]:
        """The fields of the data of which it reads the numbers alone that are not 0."""
        if self.plan is None:
            return ()
        kinds = dict(self.networks[self.plan.network].inputs)
        return tuple(sorted({field for name, field in self.plan.inputs if kinds[name].sparse}))

    @property
    def network(self) -> str | None:
        """The network that is called on data; None where nothing says which of several."""
        if self.plan is not None:
            return self.plan.network
        return next(iter(self.networks)) if len(self.networks) == 1 else None
