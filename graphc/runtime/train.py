"""Training, the whole on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jax

from graphc.core.diagnostic import Diagnostic, Note, RunError
from graphc.data.batches import epoch_order
from graphc.data.dataset import Dataset
from graphc.data.streaming import available
from graphc.insight.confusion import confusion_svg
from graphc.runtime import events
from graphc.runtime.cache import use_compilation_cache
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import Batches, evaluate_batches, evaluated
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.files import write_json, write_text
from graphc.runtime.keeper import Keeper, checkpoints, load_best, load_last
from graphc.runtime.loop import Course, fit
from graphc.runtime.module import import_module, require_training
from graphc.runtime.recorder import Recorder
from graphc.runtime.replay import explain, forget_replay, keep_replay
from graphc.runtime.restore import restore, restore_state
from graphc.runtime.rundir import Blueprint, RunDirectory
from graphc.runtime.settings import Settings
from graphc.runtime.signals import StopWish, stop_on_signals
from graphc.runtime.start import INIT_FROM, Inherited, Origin, inherit
from graphc.runtime.state import State, state_shapes
from graphc.runtime.steps import Programs, batch_shapes, no_totals
from graphc.runtime.stopping import Patience, until_over

Report = Callable[[Event], None]


def train(
    blueprint: Blueprint,
    dataset: Dataset,
    settings: Settings,
    directory: str | Path,
    *,
    resume: bool = False,
    origin: Origin | None = None,
    report: Report = lambda event: None,
) -> dict[str, Any]:
    """Train a compiled network and keep everything in `directory`.

    Args:
        blueprint: what the compiler made.
        dataset: its splits; `train` is needed, `validation` and `test` are measured if there.
        directory: of the run: new or empty, or with `resume` that of a run to go on with.
        origin: the run whose weights this one starts from; it is not read when there is a
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
    inherited = None
    if origin is not None and not (resume and checkpoints(Path(directory) / "checkpoints")):
        inherited = inherit(origin, blueprint.weights, _warning(report))
    with _directory(directory, blueprint, settings, resume) as run, stop_on_signals() as stop:
        module = require_training(import_module(run.model, run.blueprint.files))
        programs = Programs(module, settings.steps_per_dispatch)
        if run.form() is None:
            run.keep_form(dataset)
        start, seconds = _start(run, programs, dataset, settings, resume, inherited, report, stop)
        course = course_of(dataset, settings)
        keeper = Keeper(
            run.checkpoints,
            settings.checkpoint_seconds,
            settings.maximize,
            settings.keep,
            start.position if start.position.step else None,
        )
        recorder = Recorder(run, keeper, settings.monitor, report, seconds)
        recorder.note("resumed" if resume else "started", start.position)
        if inherited is not None:
            write_json(run.path / INIT_FROM, inherited.as_dict())
            report(events.Inherited(str(inherited)))
            recorder.save(start)  # a resumed run needs the other one no more
        _warn_of_edits(run, blueprint, report)
        _warn_of_schedule(run, settings, start.position, report)
        forget_replay(run)
        if dataset.streamed:
            report(events.Streaming(dataset.size, available()))
        report(_started(run, course, start.position, settings))
        last: Event | None = None
        patience = Patience.of(settings, run.history())
        for last in until_over(fit(programs, course, start, stop), patience, start):
            report(last)
            recorder(last)
            _end_badly(last, run, module, course)
        result = _result(programs, course, dataset, settings, recorder, last)
        run.write_result(result)
        _draw(run, result, dataset)
        report(events.Finished(result))
        return result


def _directory(
    path: str | Path, blueprint: Blueprint, settings: Settings, resume: bool
) -> RunDirectory:
    if not resume:
        return RunDirectory.create(path, blueprint, settings.as_dict())
    run = RunDirectory.open(path, lock=True)
    try:
        run.require_same(blueprint)
        settings.require_continues(Settings.from_dict(run.settings), run.path)
    except RunError:
        run.close()
        raise
    return run


def _warn_of_edits(run: RunDirectory, blueprint: Blueprint, report: Report) -> None:
    """Say where the user's files are others by now than those that the run keeps."""
    for name, data in run.blueprint.files.items():
        if blueprint.files.get(name, data) != data:
            message = f"`{name}` was changed since; the run goes on with its own copy"
            help = "train into another directory to use the new one"
            problem = Diagnostic("GC607", message, help=help, severity="warning")
            report(events.Warned(problem))


def _warn_of_schedule(
    run: RunDirectory, settings: Settings, start: Position, report: Report
) -> None:
    """Say where the program has a schedule for another number of epochs than is trained now."""
    made, now = Settings.from_dict(run.settings).schedule_epochs, settings.epochs
    if made is None or made == now or start.epoch >= now:
        return
    message = f"the learning rate keeps its schedule over {made} epochs, and the run has {now} now"
    after = "the rate then stays where it ended" if now > made else "the rate does not get so far"
    help = f"train into another directory for a schedule over {now}"
    problem = Diagnostic("GC607", message, None, (Note(after),), help, severity="warning")
    report(events.Warned(problem))


def _start(
    run: RunDirectory,
    programs: Programs,
    dataset: Dataset,
    settings: Settings,
    resume: bool,
    inherited: Inherited | None,
    report: Report,
    stop: StopWish,
) -> tuple[Snapshot, float]:
    """Where the run begins, and the seconds it took before."""
    module = programs.module
    template = state_shapes(module)
    weights = evaluated(template)
    batch = batch_shapes(dataset.splits["train"], settings.batch_size)
    totals = programs.evaluate.shapes(weights, batch)
    if resume and (found := load_last(run.checkpoints, _warning(report))) is not None:
        snapshot = restore(found, template, totals, run.blueprint.weights, run.path)
        run.rewind(snapshot.position.epoch)
        return snapshot, float(found.about["seconds"])
    run.rewind(0)
    state = _initial_state(programs, settings.seed, report, stop)
    if inherited is not None:
        state = inherited.put_into(state, run.blueprint.weights)
    return Snapshot(Position(), state, no_totals(totals)), 0.0


def _warning(report: Report) -> Callable[[Diagnostic], None]:
    return lambda diagnostic: report(events.Warned(diagnostic))


def _initial_state(programs: Programs, seed: int, report: Report, stop: StopWish) -> State:
    key = jax.random.key(seed)
    report(events.Compiling("the initial weights"))
    if not programs.init.compile(key, stop=stop):
        message = f"stopped by {stop.reason} before the first step"
        raise fail("GC612", message, "`--resume` starts the run again")
    report(events.Compiled("the initial weights", programs.init.seconds))
    return programs.init(key)


def course_of(dataset: Dataset, settings: Settings) -> Course:
    """What a run with these settings goes through."""
    arrays = dataset.splits["train"]
    count, size, seed = len(next(iter(arrays.values()))), settings.batch_size, settings.seed
    classes = dataset.balanced
    validation = Batches(dataset.splits.get("validation", {}), size)
    return Course(
        data=arrays if dataset.streamed else jax.device_put(dict(arrays)),
        order=lambda epoch: epoch_order(count, size, seed, epoch, classes),
        validation=validation if dataset.streamed else list(validation),
        epochs=settings.epochs,
        steps_per_dispatch=settings.steps_per_dispatch,
        key=training_key(seed),
        snapshot_steps=settings.checkpoint_steps,
    )


def training_key(seed: int) -> jax.Array:
    """The random key of a run's steps; its weights are drawn from `jax.random.key(seed)`."""
    return jax.random.fold_in(jax.random.key(seed), 1)


def _started(
    run: RunDirectory, course: Course, position: Position, settings: Settings
) -> events.Started:
    count = len(next(iter(course.data.values())))
    steps = -(-count // settings.batch_size)
    return events.Started(position, settings.epochs, steps, run.blueprint.weights.parameters)


def _end_badly(event: Event, run: RunDirectory, module: ModuleType, course: Course) -> None:
    """Raise RunError where an event is the end of the run, but not its completion."""
    if isinstance(event, events.Stopping):
        position = event.snapshot.position
        where = f"in epoch {position.epoch + 1} after step {position.step}"
        help = f"`--resume` continues the run in `{run.path}` from there"
        raise fail("GC612", f"stopped by {event.reason} {where}", help)
    if isinstance(event, events.NotFinite):
        keep_replay(run, event)
        raise RunError(explain(module, event, course, run.blueprint))


def _draw(run: RunDirectory, result: dict[str, Any], dataset: Dataset) -> None:
    """The confusion matrix of the test split as a picture, if it was measured."""
    matrix = result.get("test", {}).get("confusion_matrix")
    if matrix is not None:
        write_text(run.path / "confusion.svg", confusion_svg(matrix, dataset.class_names))


def _result(
    programs: Programs,
    course: Course,
    dataset: Dataset,
    settings: Settings,
    recorder: Recorder,
    event: Event | None,
) -> dict[str, Any]:
    assert isinstance(event, events.Ended)
    state, line = event.snapshot.state, recorder.last_epoch()
    best = {}
    if settings.patience is not None:
        state, line = _best(recorder, programs.module, settings, state)
        best = {"best_epoch": line.get("epoch")}
    result: dict[str, Any] = {each: line[each] for each in ("train", "validation") if each in line}
    if "test" in dataset.splits:
        test = Batches(dataset.splits["test"], settings.batch_size)
        result["test"] = evaluate_batches(programs, state, test)
    result["epochs"] = event.snapshot.position.epoch
    result["steps"] = event.snapshot.position.step
    result["seconds"] = round(recorder.seconds, 3)
    result["compile_seconds"] = round(recorder.compile_seconds, 3)
    speed = recorder.examples / max(recorder.training_seconds, 1e-9)
    result["examples_per_second"] = round(speed, 1)
    result["parameters"] = recorder.run.blueprint.weights.parameters
    return result | best


def _best(
    recorder: Recorder, module: ModuleType, settings: Settings, state: State
) -> tuple[State, Mapping[str, Any]]:
    """The weights of the best checkpoint, and the line of its epoch."""
    run = recorder.run
    found = load_best(run.checkpoints, settings.maximize, _warning(recorder.report))
    assert found is not None  # one was written when the run ended
    weights = restore_state(found, evaluated(state), run.blueprint.weights, run.path)
    return weights, recorder.epoch_at(found.about["position"]["step"])
