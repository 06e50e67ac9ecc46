"""The `train` section: a declaration like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from graphc.core.attributes import Bool, Declared, Either, Float, Int, Nested, Text
from graphc.core.by_path import ByName, ByPath
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.diagnostic import Report, similar
from graphc.core.precision import PRECISIONS_OF_NODES
from graphc.core.registry import optimizers
from graphc.core.span import Span
from graphc.core.tree import Mapping, Tree
from graphc.ops.ensembles import Ensemble
from graphc.ops.neighbours import Neighbours
from graphc.ops.objectives import Loss, Metric
from graphc.ops.optimizers import Adam, Optimizer
from graphc.ops.players import Nodes, Player
from graphc.ops.recomputing import REMAT, Budget
from graphc.ops.rounds import Entries
from graphc.ops.samples import Sampled, Samples
from graphc.ops.start import InitFrom
from graphc.ops.stopping import EarlyStopping
from graphc.ops.tasks import LOSSES, METRICS, ByOutput
from graphc.ops.updates import Clip, Group, Mixup, OrFrozen, Penalty

_BELOW = "write it below an objective"
OF_ONE_LOSS = {
    "loss": "an objective has a formula under `minimize`",
    "optimizer": _BELOW,
    "metrics": "write it among `values`, as in `accuracy: accuracy(scores, label)`",
    "clip": _BELOW,
    "groups": _BELOW,
    "regularize": _BELOW,
    "accumulate": "make the batches smaller",
    "truncate": "sequences are learnt from as a whole",
    "mixup": "mix with noise among `values`: examples of a batch do not meet there",
    "neighbours": "a graph is gone through as a whole",
    "average": "make it a network: `networks: {slow: {average: NAME, decay: 0.99}}`",
    "ensemble": "its members are trained on one loss",
}
"""What belongs to the short form of `train`, and what the long form has instead."""
_OF_SEVERAL = ("values", "objectives", "schedule", "samples")


@dataclass(frozen=True)
class Training(Declaration):
    """How one network is trained on one loss, or several on an objective each."""

    name = "train"

    loss: Loss | ByOutput | None = primary(
        LOSSES, "what is minimised: of the output against the target, or of each output", None
    )
    values: Mapping | None = attribute(
        Nodes(), "calls of networks, noise and formulas over the fields of the data", None
    )
    objectives: tuple[tuple[str, Player], ...] = attribute(
        ByName(Nested(Player)), "numbers of these values, and what moves for each, by name", ()
    )
    schedule: tuple[tuple[tuple[str, ...], int], ...] = attribute(
        Entries(),
        "what a round is: objectives in their order, each on a batch and after those before it;"
        " default: all at once, on one batch",
        (),
    )
    samples: Samples | None = attribute(
        Sampled(),
        "values that are written down while it is trained, as pictures where they are images;"
        " default: none",
        None,
    )
    optimizer: Optimizer = attribute(Declared(optimizers), "what moves the weights", Adam(1e-3))
    epochs: int = attribute(Int(1), "how often the training data is gone through", 10)
    batch_size: int | str = attribute(
        Either((Int(1), Text(("full",)))), "examples per step; `full`: all of them", 32
    )
    metrics: tuple[Metric, ...] | ByOutput | None = attribute(
        METRICS, "what is measured beside the loss, or for each output; default: what suits", None
    )
    seed: int = attribute(Int(0), "of the weights, the order of examples and dropout", 0)
    steps_per_dispatch: int | None = attribute(
        Int(1), "steps that run on the device without a word to Python; default: by a table", None
    )
    clip: Clip | None = attribute(Nested(Clip), "bounds for gradients, before the optimiser", None)
    accumulate: int = attribute(
        Int(1), "in how many parts a batch is gone through, to need less memory", 1
    )
    truncate: int | None = attribute(
        Int(1),
        "steps of a sequence after which the weights move and gradients end, while what the network"
        " carries goes on; default: all of them",
        None,
    )
    neighbours: Neighbours | None = attribute(
        Nested(Neighbours),
        "of one graph: how many neighbours are drawn of each node of a step; default: all are read",
        None,
    )
    mixup: Mixup | None = attribute(
        Nested(Mixup), "mixes the examples of a batch while training; default: no", None
    )
    groups: tuple[tuple[str, Group | str], ...] = attribute(
        ByPath(OrFrozen(Group)),
        "weights that are moved otherwise, or not at all, by their paths; the first pattern counts",
        (),
    )
    regularize: tuple[tuple[str, Penalty], ...] = attribute(
        ByPath(Nested(Penalty)),
        "what weights add to the minimised loss, by their paths",
        (),
    )
    precision: tuple[tuple[str, str], ...] = attribute(
        PRECISIONS_OF_NODES,
        "what the operands of products are, by the paths of nodes; the first pattern counts;"
        " default: what the network says",
        (),
    )
    remat: tuple[str, ...] | Budget = attribute(
        REMAT,
        "nodes that are computed again on the way back, to need less memory, by their paths, or"
        " how much memory a step may take; default: those that say so",
        (),
    )
    average: float | None = attribute(
        Float(above=0, below=1),
        "what a moving average of the weights keeps of itself in a step; it is what is evaluated",
        None,
    )
    epoch_steps: int | None = attribute(
        Int(1), "steps that schedules count as an epoch; default: those of the data", None
    )
    keep: int = attribute(Int(1), "how many of the last checkpoints stay, the best one aside", 2)
    early_stopping: EarlyStopping | None = attribute(
        Nested(EarlyStopping), "when to end before the last epoch; default: never", None
    )
    init_from: InitFrom | None = attribute(
        Nested(InitFrom), "a run whose weights this one starts from; default: all are drawn", None
    )
    ensemble: Ensemble | None = attribute(
        Nested(Ensemble), "several networks that answer together, each a run of its own", None
    )
    lockstep: bool | None = attribute(
        Bool(),
        "whether several runs, of seeds or members, are one program, unless the data is streamed;"
        " default: by a table",
        None,
    )

    @classmethod
    def _check_missing(cls, tree: Tree | None, span: Span, report: Report) -> None:
        """Report (GC212) that nothing is said to be minimised."""
        super()._check_missing(tree, span, report)
        wanted = ("loss", "objectives")
        written = {key.text for key, _ in tree} if isinstance(tree, Mapping) else {"loss"}
        if written.isdisjoint(wanted) and not any(
            similar(each, written, "attribute") for each in wanted
        ):
            kind = next(each.kind for each in cls.attributes() if each.name == "loss")
            help = "write `train: ...` or `train: {loss: ...}`"
            report.error("GC212", f"`train` needs `loss`: {kind}", span, help=help)

    @classmethod
    def schema(cls) -> dict:
        """The JSON Schema, which wants a `loss` or `objectives`."""
        found = super().schema()
        short, full, _ = found["anyOf"]
        needs = [{"required": ["loss"]}, {"required": ["objectives"]}]
        return found | {"anyOf": [short, full | {"anyOf": needs}]}

    @property
    def of_other_form(self) -> tuple[str, ...]:
        """The attributes that its form, the short or the long one, does not have."""
        return tuple(OF_ONE_LOSS) if self.objectives else _OF_SEVERAL

    @property
    def members(self) -> int:
        """How many runs an ensemble asks for; 0 where it asks for none, or for one of them."""
        return self.ensemble.members if self.ensemble and self.ensemble.member is None else 0

    def member(self, number: int) -> Ensemble:
        """The ensemble with one member to train."""
        assert self.ensemble is not None
        return replace(self.ensemble, member=number)

    @property
    def run_seed(self) -> int:
        """The seed of the run: a member of an ensemble has its own."""
        return self.seed + (self.ensemble.member or 0 if self.ensemble else 0)

    @property
    def bootstrap(self) -> bool:
        """Whether the run learns from a bootstrap sample."""
        return self.ensemble is not None and self.ensemble.bagging

    @property
    def first_batches(self) -> int:
        """How many batches of a round the first objective goes through."""
        return self.schedule[0][1] if self.schedule else 1

    def turns(self, objective: str) -> int:
        """How often an objective has its turn in a round."""
        return sum(times for names, times in self.schedule if objective in names) or 1

    def setting(self, name: str) -> str:
        """The value of an attribute as `--set` takes it."""
        (kind,) = (each.kind for each in self.attributes() if each.name == name)
        return f"train.{name}={json.dumps(kind.write(getattr(self, name)))}"

    def rows(self, examples: int) -> int:
        """The examples of a step, where there are so many to train on."""
        if isinstance(self.batch_size, int):
            return self.batch_size
        return -(-examples // self.accumulate) * self.accumulate

    def complaint(self) -> tuple[str, str] | None:
        for word, help in OF_ONE_LOSS.items() if self.objectives else ():
            default = next(each.default for each in self.attributes() if each.name == word)
            if getattr(self, word) != default:
                return f"`{word}` does not go with `objectives`: {help}", word
        for word in ("values", "schedule", "samples") if not self.objectives else ():
            if getattr(self, word):
                return f"`{word}` needs `objectives`, which say what is minimised", word
        if self.metrics and isinstance(self.metrics, ByOutput) != isinstance(self.loss, ByOutput):
            several = isinstance(self.loss, ByOutput)
            words = ("one output", "several")[:: 1 if several else -1]
            message = "`metrics` are those of {}, and `loss` is that of {}".format(*words)
            return f"{message}: write both by the names of outputs, or none", "metrics"
        if isinstance(self.batch_size, int) and self.batch_size % self.accumulate:
            message = f"a `batch_size` of {self.batch_size} has no {self.accumulate} equal parts"
            return message, "accumulate"
        return None

    def steps(self, examples: int, longest: int | None = None) -> int | None:
        """The updates of an epoch over so many examples; None where that is not known yet.

        Args:
            longest: the steps of the longest sequence, where each piece of it is an update.
        """
        if self.truncate is not None and longest is None:
            return self.epoch_steps
        pieces = -(-(longest or 1) // self.truncate) if self.truncate else 1
        rows = self.rows(examples) * self.first_batches
        return self.epoch_steps or pieces * -(-examples // rows)
