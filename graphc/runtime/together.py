"""Several runs trained as one program, each in its own directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.data.dataset import Dataset
from graphc.runtime import events
from graphc.runtime.cache import use_compilation_cache
from graphc.runtime.course import another_course, course_of
from graphc.runtime.errors import fail
from graphc.runtime.events import Event, Metrics
from graphc.runtime.lifted import Lifted
from graphc.runtime.lockstep import Lane, Several, fit_together
from graphc.runtime.module import import_module, require_training
from graphc.runtime.origins import Origins
from graphc.runtime.rundir import Blueprint, RunDirectory
from graphc.runtime.session import Report, Session, inheritance, opened
from graphc.runtime.settings import Settings
from graphc.runtime.signals import stop_on_signals
from graphc.runtime.steps import Lockstep, Programs


@dataclass(frozen=True)
class Part:
    """One of several runs.

    Args:
        directory: its own.
        resume: whether it goes on.
        origins: the runs whose weights it starts from.
        listen: is told every event of it.
    """

    directory: Path
    blueprint: Blueprint
    settings: Settings
    resume: bool = False
    origins: Origins | None = None
    listen: Report = lambda event: None


def train_together(
    parts: Mapping[int, Part],
    slots: int,
    dataset: Dataset,
    report: Report = lambda event: None,
    lifted: Lifted | None = None,
) -> tuple[dict[int, dict[str, Any]], dict[int, Diagnostic]]:
    """Train runs that differ in their seeds and orders of examples side by side.

    Args:
        parts: by their slots; their settings are equal but for `seed` and what follows from it.
        slots: how many runs the program is for, those among them that are finished.
        report: is told what happens to all, with means over the runs.
        lifted: the module of runs that differ in numbers too.

    Returns:
        The results as `train` gives them, and what is wrong with runs whose numbers are no longer
        finite (GC601): such a run ends alone. Both are by slots.

    Raises:
        RunError: GC612 where it was stopped, GC602 to GC611 and GC650 as `train`.
    """
    some = next(iter(parts.values()))
    if some.settings.cache:
        use_compilation_cache()
    inherited = {
        slot: inheritance(each.directory, each.blueprint, each.origins, each.resume, report)
        for slot, each in parts.items()
    }
    for text in dict.fromkeys(str(each) for each in inherited.values() if each is not None):
        report(events.Inherited(text))
    with ExitStack() as stack:
        runs = {
            slot: stack.enter_context(
                opened(each.directory, each.blueprint, each.settings, each.resume)
            )
            for slot, each in parts.items()
        }
        stop = stack.enter_context(stop_on_signals())
        module = lifted.module() if lifted else _module(next(iter(runs.values())))
        numbers = lifted.arguments() if lifted else ()
        alone, course = Programs(module, 1), course_of(dataset, some.settings)
        sessions = {
            slot: Session(
                runs[slot],
                each.blueprint,
                each.settings,
                _of_run(runs[slot], alone) if lifted else alone,
                dataset,
                another_course(course, dataset, each.settings),
                resume=each.resume,
                inherited=inherited[slot],
                report=_to_both(each.listen, report),
                stop=stop,
                alone=False,
            )
            for slot, each in parts.items()
        }
        for slot, session in sessions.items():
            parts[slot].listen(session.started)
        report(min((each.started for each in sessions.values()), key=lambda it: it.position.step))
        lanes = {
            slot: Lane(each.course, each.start, each.patience) for slot, each in sessions.items()
        }
        together = fit_together(Lockstep(module, slots, numbers), lanes, stop)
        return _followed(together, sessions, parts, report)


def _module(run: RunDirectory) -> ModuleType:
    return require_training(import_module(run.model, run.blueprint.files))


def _of_run(run: RunDirectory, shared: Programs) -> Programs:
    """The programs of a run with numbers of its own; its weights are drawn as those of all."""
    programs = Programs(_module(run), 1)
    programs.init = shared.init
    return programs


def _followed(
    together: Any, sessions: Mapping[int, Session], parts: Mapping[int, Part], report: Report
) -> tuple[dict[int, dict[str, Any]], dict[int, Diagnostic]]:
    """Keep what happens, to the end of the last run."""
    results: dict[int, dict[str, Any]] = {}
    lost: dict[int, Diagnostic] = {}
    for several in together:
        stopped = None
        for event in _merged(several):
            report(event)
        for slot, event in several.items():
            parts[slot].listen(event)
            try:
                sessions[slot].take(event)
            except RunError as error:
                if isinstance(event, events.NotFinite):
                    (lost[slot],) = error.diagnostics
                elif isinstance(event, events.Stopping):
                    stopped = event
                else:
                    raise
            if isinstance(event, events.Ended):
                results[slot] = sessions[slot].finish(event)
        if stopped is not None:
            folder = next(iter(parts.values())).directory.parent
            where = f"in epoch {stopped.snapshot.position.epoch + 1}"
            help = f"`--resume` continues the runs in `{folder}` from there"
            raise fail("GC612", f"stopped by {stopped.reason} {where}", help)
    return results, lost


def _to_both(listen: Report, report: Report) -> Report:
    def tell(event: Event) -> None:
        listen(event)
        if not isinstance(event, events.Inherited | events.Finished):
            report(event)

    return tell


def _merged(several: Several) -> list[Event]:
    """What happens to all runs as one: means of their numbers, what they went through together."""
    kinds: dict[type, list[Any]] = defaultdict(list)
    for event in several.values():
        kinds[type(event)].append(event)
    return [_one(each) for each in kinds.values()]


def _one(alike: list[Any]) -> Event:
    first = alike[0]
    if isinstance(first, events.Progress):
        speed = sum(each.examples_per_second for each in alike)
        metrics = _mean([each.metrics for each in alike])
        return replace(first, metrics=metrics, examples_per_second=speed)
    if isinstance(first, events.EpochEnded):
        validation = [each.validation for each in alike if each.validation is not None]
        return replace(
            first,
            train=_mean([each.train for each in alike]),
            validation=_mean(validation) if validation else None,
            examples=sum(each.examples for each in alike),
        )
    return first


def _mean(several: list[Metrics]) -> Metrics:
    return {
        name: float(np.mean([each[name] for each in several])) if _is_number(value) else value
        for name, value in several[0].items()
    }


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))
