"""Training, the whole on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphc.data.dataset import Dataset
from graphc.data.streaming import available
from graphc.runtime import events
from graphc.runtime.cache import use_compilation_cache
from graphc.runtime.course import course_of
from graphc.runtime.events import Event
from graphc.runtime.loop import fit
from graphc.runtime.module import import_module, require_training
from graphc.runtime.origins import Origins
from graphc.runtime.rundir import Blueprint
from graphc.runtime.session import Report, Session, inheritance, opened
from graphc.runtime.settings import Settings
from graphc.runtime.signals import stop_on_signals
from graphc.runtime.steps import Programs
from graphc.runtime.stopping import until_over


def train(
    blueprint: Blueprint,
    dataset: Dataset,
    settings: Settings,
    directory: str | Path,
    *,
    resume: bool = False,
    origins: Origins | None = None,
    report: Report = lambda event: None,
) -> dict[str, Any]:
    """Train a compiled network and keep everything in `directory`.

    Args:
        blueprint: what the compiler made.
        dataset: its splits; `train` is needed, `validation` and `test` are measured if there.
        directory: of the run: new or empty, or with `resume` that of a run to go on with.
        origins: the runs whose weights this one starts from; they are not read when there is a
            checkpoint to go on from.
        report: is told every event.

    Returns:
        What `result.json` holds: the means over each split, `epochs`, `steps`, `seconds`,
        `examples_per_second`, `compile_seconds` and `parameters`; with early stopping also
        `best_epoch`, whose weights the means are those of.

    Raises:
        RunError: GC601 where the numbers are not finite, GC612 where it was stopped, GC602 to
            GC611 where the directory, the disk, a checkpoint or the module is not fit for it,
            GC650 where there is nothing to start from.
    """
    if settings.cache:
        use_compilation_cache()
    inherited = inheritance(directory, blueprint, origins, resume, report)
    with opened(directory, blueprint, settings, resume) as run, stop_on_signals() as stop:
        module = require_training(import_module(run.model, run.blueprint.files))
        programs = Programs(module, settings.steps_per_dispatch)
        course = course_of(dataset, settings)
        session = Session(
            run,
            blueprint,
            settings,
            programs,
            dataset,
            course,
            resume=resume,
            inherited=inherited,
            report=report,
            stop=stop,
        )
        if dataset.streamed:
            report(events.Streaming(dataset.size, available()))
        report(session.started)
        last: Event | None = None
        happening = fit(programs, course, session.start, stop)
        for last in until_over(happening, session.patience, session.start):
            report(last)
            session.take(last)
        return session.finish(last)
