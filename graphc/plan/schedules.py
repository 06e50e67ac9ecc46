"""Whether the schedules of a spec fit into its run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graphc.core.diagnostic import Report
from graphc.core.span import Span
from graphc.ops.optimizers import Optimizer
from graphc.ops.players import Player
from graphc.ops.rates import Duration, Schedule
from graphc.ops.training import Training
from graphc.ops.updates import Group

Place = Callable[..., Span]
Keys = tuple[str, ...]
SHORTEN = "shorten it, or train for more `epochs`"


def schedules_of(training: Training) -> Iterator[tuple[Keys, Schedule]]:
    """The schedules of a `train` section, with the keys that lead to each."""
    for keys, owner in _owners(training):
        yield from _of_rate((*keys, "optimizer"), owner.optimizer)
        for pattern, group in owner.groups:
            if isinstance(group, Group):
                own = (*keys, "groups", pattern)
                yield from _of_rate(own, group)
                if group.optimizer is not None:
                    yield from _of_rate((*own, "optimizer"), group.optimizer)


def _owners(training: Training) -> Iterator[tuple[Keys, Training | Player]]:
    """What has an optimiser: the section itself, or its objectives; with their keys."""
    if not training.objectives:
        yield ("train",), training
    for name, player in training.objectives:
        yield ("train", "objectives", name), player


def count_epochs(training: Training) -> bool:
    """Whether something in a `train` section counts the epochs that were done."""
    return (
        any(schedules_of(training))
        or any(delays_of(training))
        or any(
            isinstance(each, Duration)
            for _, player in training.objectives
            for each in (player.start, player.until)
        )
    )


def epoch_steps(
    training: Training | None, examples: int | None, longest: int | None = None
) -> int | None:
    """The steps of an epoch, if something counts them and they are known."""
    if training is None or not count_epochs(training):
        return None
    return training.epoch_steps if examples is None else training.steps(examples, longest)


def last_for_the_run(training: Training) -> bool:
    """Whether a schedule lasts as long as the run, for it was not told how long."""
    return any(getattr(each, "over", 0) is None for _, each in schedules_of(training))


def _of_rate(keys: Keys, owner: Optimizer | Group) -> Iterator[tuple[Keys, Schedule]]:
    rate = getattr(owner, "learning_rate", None)
    name = () if isinstance(owner, Group) else (owner.name,)
    if isinstance(rate, Schedule):
        yield (*keys, *name, "learning_rate", rate.name), rate


def check_lengths(
    training: Training, epoch_steps: int | None, place: Place, report: Report
) -> None:
    """Report (GC421) what lasts longer than the run, or is shorter than a step.

    Args:
        epoch_steps: the steps of an epoch; where they are not known yet, only epochs are compared
            with epochs and steps with steps.
    """
    for keys, schedule in schedules_of(training):
        for word, parts in _ends(schedule):
            if found := _misfit(parts, training.epochs, _own(training, keys, epoch_steps)):
                problem, help = found
                message = f"`{word}` of `{schedule.name}` {problem}"
                report.error("GC421", message, place(*keys, word), help=help)
    for keys, delay in delays_of(training):
        if found := _misfit((delay,), training.epochs, _own(training, keys, epoch_steps)):
            problem, help = found
            report.error("GC421", f"`frozen_until` {problem}", place(*keys), help=help)


def delays_of(training: Training) -> Iterator[tuple[Keys, Duration]]:
    """How long groups of weights do not move at first, with the keys that lead there."""
    for keys, owner in _owners(training):
        for pattern, group in owner.groups:
            if isinstance(group, Group) and group.frozen_until is not None:
                yield (*keys, "groups", pattern, "frozen_until"), group.frozen_until


def _own(training: Training, keys: Keys, epoch_steps: int | None) -> int | None:
    """The steps of an epoch as those count that stand under some keys: turns of an objective."""
    if epoch_steps is None or keys[1] != "objectives":
        return epoch_steps
    player = dict(training.objectives)[keys[2]]
    return max(epoch_steps * training.turns(keys[2]) // player.every, 1)


def _ends(schedule: Schedule) -> Iterator[tuple[str, tuple[Duration, ...]]]:
    """What must be over before the run is, after the warm-up if there is one."""
    warmup = getattr(schedule, "warmup", None)
    before = () if warmup is None else (warmup,)
    if before:
        yield "warmup", before
    for word, lasting in schedule.ends():
        yield word, (*before, lasting)


def _misfit(
    parts: tuple[Duration, ...], epochs: int, epoch_steps: int | None
) -> tuple[str, str] | None:
    """What is wrong with the last of these durations, which follow one another, and a help."""
    last = parts[-1]
    after = " after the warm-up" if len(parts) > 1 else ""
    ends = sum(each.number for each in parts)
    units = {each.unit for each in parts}
    if epoch_steps is not None:
        if last.steps(epoch_steps) < 1:
            problem = f"is {last}, which is less than a step: an epoch has {epoch_steps}"
            return problem, "make it longer, or leave it out"
        total = epochs * epoch_steps
        if sum(each.steps(epoch_steps) for each in parts) <= total:
            return None
        return (
            f"lasts {last}{after}, and the run {Duration(epochs)}, which is {total} steps",
            SHORTEN,
        )
    if units == {"epochs"} and ends > epochs:
        return f"lasts {last}{after}, and the run {Duration(epochs)}", SHORTEN
    return None
