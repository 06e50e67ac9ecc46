"""How the weights of a network are updated: which of them by which rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from graphc.core.diagnostic import Report, listing, similar
from graphc.core.span import Span
from graphc.graph.graph import Graph
from graphc.graph.weights import WeightMap
from graphc.ops.neighbours import Neighbours
from graphc.ops.optimizers import Optimizer
from graphc.ops.players import Player
from graphc.ops.rates import Duration
from graphc.ops.training import Training
from graphc.ops.updates import Clip, Group, Mixup, Penalty

Place = Callable[..., Span]
Keys = tuple[str, ...]
MOVE_ALL = "make it the `optimizer` of `train`, without groups"


@dataclass(frozen=True)
class Update:
    """What happens beside the rule of the one optimiser.

    Args:
        groups: for patterns of paths, the optimiser of the weights that they are the first to
            match, or None for weights that do not move.
        clip: bounds for gradients.
        parts: in how many parts a batch is gone through.
        average: what a moving average of the weights keeps of itself in a step.
        penalties: for patterns of paths, what the weights that match add to the loss.
        mixup: how the examples of a batch are mixed.
        truncate: after how many steps of its sequences the weights move.
        neighbours: how many are drawn of each node, where the data is one graph.
        delays: for patterns of groups, how long these do not move at first.
    """

    groups: tuple[tuple[str, Optimizer | None], ...] = ()
    clip: Clip | None = None
    parts: int = 1
    average: float | None = None
    penalties: tuple[tuple[str, Penalty], ...] = ()
    mixup: Mixup | None = None
    truncate: int | None = None
    neighbours: Neighbours | None = None
    delays: tuple[tuple[str, Duration], ...] = ()


def make_update(
    training: Training,
    networks: Mapping[str, Graph],
    place: Place,
    report: Report,
    still: tuple[str, ...] = (),
) -> Update:
    """The update that a `train` section asks for; problems (GC202, GC422) go to the report.

    Args:
        still: the networks that do not move.
    """
    weights = Weights(networks, place, report)
    weights.check_decays(("train", "optimizer"), training.optimizer)
    if training.optimizer.needs_full_batches:
        _check_full_batch(training, place, report)
    frozen = [name for name in still if weights.trains(f"{name}/*")]
    for name in frozen if training.optimizer.needs_full_batches else ():
        message = f"`{training.optimizer.name}` moves all weights together, and `{name}` is frozen"
        place_of = place("networks", name, "frozen")
        report.error("GC423", message, place_of, help="choose another optimizer, as `adam`")
    groups = (
        *((f"{name}/*", None) for name in frozen),
        *_groups(training.groups, training.optimizer, ("train",), weights),
    )
    if not report.errors and groups:
        weights.check_moving(groups)
    for pattern, _ in training.regularize:
        weights.check(pattern, ("train", "regularize", pattern))
    check_start(training, weights)
    return Update(
        groups,
        training.clip,
        training.accumulate,
        training.average,
        tuple(sorted(training.regularize, key=lambda each: each[0])),  # a sum has no order
        training.mixup,
        training.truncate,
        training.neighbours,
        _delays(training.groups),
    )


def make_player_update(
    player: Player, name: str, networks: Mapping[str, Graph], place: Place, report: Report
) -> Update:
    """What one of several objectives does beside its rule; problems go to the report."""
    weights = Weights(networks, place, report)
    keys = ("train", "objectives", name)
    weights.check_decays((*keys, "optimizer"), player.optimizer)
    if player.optimizer.needs_full_batches:
        message = f"`{player.optimizer.name}` evaluates the loss itself, and there are several"
        help = "choose another optimizer, as `adam`"
        report.error("GC423", message, place(*keys, "optimizer"), help=help)
    groups = tuple(_groups(player.groups, player.optimizer, keys, weights))
    for pattern, _ in player.regularize:
        weights.check(pattern, (*keys, "regularize", pattern))
    penalties = tuple(sorted(player.regularize, key=lambda each: each[0]))
    return Update(groups, player.clip, penalties=penalties, delays=_delays(player.groups))


def _delays(written: tuple[tuple[str, Group | str], ...]) -> tuple[tuple[str, Duration], ...]:
    """How long groups do not move at first, of those that do not."""
    groups = ((pattern, each) for pattern, each in written if isinstance(each, Group))
    return tuple((pattern, each.frozen_until) for pattern, each in groups if each.frozen_until)


def check_start(training: Training, weights: Weights) -> None:
    """Report (GC422) patterns of `init_from` that are those of no weight here."""
    if training.init_from is None:
        return
    keys = ("train", "init_from")
    for there, here in training.init_from.take:
        weights.check(here, (*keys, "take", there), statistics=True)
    for pattern in training.init_from.leave:
        weights.check(pattern, (*keys, "leave"), statistics=True)


def _groups(
    written: tuple[tuple[str, Group | str], ...],
    optimizer: Optimizer,
    keys: Keys,
    weights: Weights,
) -> Iterator[tuple[str, Optimizer | None]]:
    """The optimiser of each group of weights, or None for one that does not move."""
    place, report = weights.place, weights.report
    for pattern, group in written:
        own_keys = (*keys, "groups", pattern)
        weights.check(pattern, own_keys)
        own = _optimizer(group, optimizer, own_keys, place, report)
        if own is not optimizer and own is not None and own.needs_full_batches:
            message = f"`{own.name}` moves all weights together, so it cannot be that of a group"
            report.error("GC423", message, place(*own_keys, "optimizer"), help=MOVE_ALL)
        if own is not None and own is not optimizer:
            weights.check_decays((*own_keys, "optimizer"), own)
        yield pattern, own


def _check_full_batch(training: Training, place: Place, report: Report) -> None:
    """Report (GC423) what does not go with an optimiser that evaluates the loss itself."""
    name = training.optimizer.name
    if training.batch_size != "full":
        message = f"`{name}` needs the same loss at every step, that of all examples"
        help = "write `batch_size: full`"
        report.error("GC423", message, place("train", "optimizer", name), help=help)
    parts = training.accumulate > 1
    given = {"groups": training.groups, "clip": training.clip, "accumulate": parts}
    given |= {"mixup": training.mixup, "truncate": training.truncate}
    given |= {"neighbours": training.neighbours}
    for word in (word for word, value in given.items() if value):
        message = f"`{word}` does not go with `{name}`, which looks for the end of a step itself"
        report.error("GC423", message, place("train", word), help=f"leave `{word}` out")


def _optimizer(
    group: Group | str, base: Optimizer, keys: Keys, place: Place, report: Report
) -> Optimizer | None:
    """The optimiser of a group, which differs from that of the others; None for a frozen one."""
    if isinstance(group, str):
        return None
    made = group.optimizer or base
    for word in ("learning_rate", "weight_decay"):
        value = getattr(group, word)
        if value is not None and not hasattr(made, word):
            message = f"`{made.name}` has no attribute `{word}`"
            help = "leave it out, or give the group an `optimizer` that has it"
            report.error("GC202", message, place(*keys, word), help=help)
        elif value is not None:
            made = replace(made, **{word: value})
    return made


class Weights:
    """The paths of weights, looked up only where a pattern asks for them."""

    def __init__(self, networks: Mapping[str, Graph], place: Place, report: Report) -> None:
        self.networks, self.place, self.report = networks, place, report

    @cached_property
    def paths(self) -> dict[str, bool]:
        """Those of all weights, and whether each is trained or a running statistic."""
        entries = WeightMap.of(self.networks).entries
        return {each.path: each.weight.trainable for each in entries}

    def check_decays(self, keys: Keys, optimizer: Optimizer) -> None:
        for pattern in getattr(optimizer, "decays", None) or ():
            self.check(pattern, (*keys, optimizer.name, "decays"))

    def check_moving(self, groups: tuple[tuple[str, Optimizer | None], ...]) -> None:
        """Report (GC426) groups that leave nothing to train."""

        def moves(path: str) -> bool:
            own = [rule for pattern, rule in groups if matches(path, pattern)]
            return not own or own[0] is not None

        trained = [path for path, trained in self.paths.items() if trained]
        if trained and not any(map(moves, trained)):
            pattern = next(pattern for pattern, rule in groups if rule is None)
            help = "leave a weight to move, or leave `train` out"
            place = self.place("train", "groups", pattern)
            self.report.error(
                "GC426", "no weight is left to train: all are frozen", place, help=help
            )

    def trains(self, pattern: str) -> bool:
        """Whether the pattern is that of a weight that can be trained."""
        return any(trained and matches(path, pattern) for path, trained in self.paths.items())

    def check(self, pattern: str, keys: Keys, statistics: bool = False) -> None:
        """Report (GC422) a pattern that is that of no weight, running statistics aside."""
        paths = [path for path, trained in self.paths.items() if trained or statistics]
        if any(matches(path, pattern) for path in paths):
            return
        known = dict.fromkeys(form for path in paths for form in forms(path))
        help = similar(pattern, known, "pattern") or f"the weights are {listing(paths)}"
        message = f"no weight has a path like `{pattern}`"
        if any(matches(path, pattern) for path in self.paths):
            message = f"no weight that is trained has a path like `{pattern}`"
        self.report.error("GC422", message, self.place(*keys), help=help)


def matches(path: str, pattern: str) -> bool:
    """Whether a pattern is that of a weight; `gate/*` stands for the arrays of opaque code."""
    inner = path.removesuffix("*") if path.endswith("/*") else None
    return fnmatchcase(path, pattern) or (inner is not None and pattern.startswith(inner))


def forms(path: str) -> Iterator[str]:
    """The patterns that one thinks of for a path: itself, all below a node, all of a kind."""
    yield path
    words = path.split("/")
    for count in range(1, len(words)):
        yield "/".join(words[:count]) + "/*"
    yield f"*/{words[-1]}"
