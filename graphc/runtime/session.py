"""One run while it is trained: where it starts, what is kept of it and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jax

from graphc.core.diagnostic import Diagnostic, Note, RunError
from graphc.data.dataset import Dataset
from graphc.data.graphs import edges_gone
from graphc.insight.confusion import confusion_svg
from graphc.runtime import events
from graphc.runtime.checkpoint import Checkpoint
from graphc.runtime.course import Course, measured, measured_arrays
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import evaluate_batches, evaluated
from graphc.runtime.events import Event, Position, Snapshot
from graphc.runtime.files import write_json, write_text
from graphc.runtime.keeper import Keeper, checkpoints, load_best, load_last
from graphc.runtime.loop import compiling, foresee
from graphc.runtime.origins import Inheritance, Origins
from graphc.runtime.recorder import Recorder
from graphc.runtime.replay import explain, forget_replay, keep_replay
from graphc.runtime.restore import restore, restore_state
from graphc.runtime.rundir import Blueprint, RunDirectory
from graphc.runtime.sampling import Sampler
from graphc.runtime.settings import Settings
from graphc.runtime.signals import StopWish
from graphc.runtime.start import INIT_FROM
from graphc.runtime.state import State, state_shapes
from graphc.runtime.steps import Programs, batch_shapes, no_totals
from graphc.runtime.stopping import Patience

Report = Callable[[Event], None]


class Session:
    """A run that is trained by this process, from its start or from its last checkpoint.

    Args:
        run: its directory, locked.
        blueprint: what the spec gives now, of which a resumed run may differ.
        programs: of its module; they draw its weights and evaluate it at the end.
        resume: whether it goes on.
        inherited: the weights it starts from, where they are those of another run.
        report: is told what there is to say of it.
        stop: the wish to stop.
        alone: whether no other run is trained beside it, with a training step of theirs.

    Attributes:
        start: where it begins.
        patience: whether it is to end early, by its history.
    """

    def __init__(
        self,
        run: RunDirectory,
        blueprint: Blueprint,
        settings: Settings,
        programs: Programs,
        dataset: Dataset,
        course: Course,
        *,
        resume: bool,
        inherited: Inheritance | None,
        report: Report,
        stop: StopWish,
        alone: bool = True,
    ) -> None:
        self.run, self.settings, self.programs = run, settings, programs
        self.dataset, self.course, self.report = dataset, course, report
        form = run.form()
        if form is None:
            run.keep_form(dataset)
        else:
            form.require_alike(dataset)
        last = load_last(run.checkpoints, _warning(report)) if resume else None
        self.start, seconds = self._begin(last, inherited, stop, alone)
        position = self.start.position
        keeper = Keeper(
            run.checkpoints,
            settings.checkpoint_seconds,
            settings.maximize,
            settings.keep,
            position if position.step else None,
        )
        self._recorder = Recorder(run, keeper, settings.monitor, report, seconds)
        self._recorder.note("resumed" if resume else "started", position)
        if inherited is not None:
            write_json(run.path / INIT_FROM, inherited.as_dict())
            report(events.Inherited(str(inherited)))
            self._recorder.save(self.start)  # a resumed run needs the other one no more
        _warn_of_edges(dataset, report)
        _warn_of_edits(run, blueprint, report)
        _warn_of_schedule(run, settings, position, report)
        forget_replay(run)
        self.patience = Patience.of(settings, run.history())
        self._sampler = None
        if settings.samples:
            self._sampler = Sampler(programs.module, dataset, run.path, settings)

    def _begin(
        self, last: Checkpoint | None, inherited: Inheritance | None, stop: StopWish, alone: bool
    ) -> tuple[Snapshot, float]:
        """Where the run begins, by its last checkpoint if it has one, and the seconds before.

        Alone it begins to compile its training step.
        """
        run, programs = self.run, self.programs
        key = jax.random.key(self.settings.seed)
        if last is None:
            programs.init.begin_compiling(key)
        template = state_shapes(programs.module)
        batch = batch_shapes(*measured_arrays(self.dataset, "train", self.settings))
        totals = programs.evaluate.shapes(evaluated(template), batch)
        if last is not None:
            snapshot = restore(last, template, totals, run.blueprint.weights, run.path)
            run.rewind(snapshot.position.epoch)
            return snapshot, float(last.about["seconds"])
        run.rewind(0)
        if alone:
            foresee(programs, self.course, Snapshot(Position(), template, no_totals(totals)))
        state = self._initial_state(key, stop)
        if inherited is not None:
            state = inherited.put_into(state, run.blueprint.weights)
        return Snapshot(Position(), state, no_totals(totals)), programs.train.seconds

    def _initial_state(self, key: jax.Array, stop: StopWish) -> State:
        programs = self.programs
        for event in compiling(programs.init, "the initial weights", stop, (key,)):
            self.report(event)
        if not programs.init.compiled:
            programs.train.leave()
            message = f"stopped by {stop.reason} before the first step"
            raise fail("GC612", message, "`--resume` starts the run again")
        return programs.init(key)

    @property
    def started(self) -> events.Started:
        """That the run begins, or goes on."""
        settings = self.settings
        rows = settings.learned_size * settings.first_batches
        steps = -(-self.dataset.examples // rows)
        parameters = self.run.blueprint.weights.parameters
        return events.Started(self.start.position, settings.epochs, steps, parameters)

    def take(self, event: Event) -> None:
        """Keep what there is to keep of an event.

        Raises:
            RunError: where it is the end of the run, but not its completion: GC601 for numbers that
                are not finite, GC612 for a stop; GC604 or GC608 where it cannot be kept.
        """
        self._recorder(event)
        if isinstance(event, events.EpochEnded) and self._sampler is not None:
            self._sampler.take(event)
        if isinstance(event, events.Stopping):
            position = event.snapshot.position
            where = f"in epoch {position.epoch + 1} after step {position.step}"
            help = f"`--resume` continues the run in `{self.run.path}` from there"
            raise fail("GC612", f"stopped by {event.reason} {where}", help)
        if isinstance(event, events.NotFinite):
            event = replace(event, snapshot=event.snapshot.alone())
            keep_replay(self.run, event)
            raise RunError(explain(self.programs.module, event, self.course, self.run.blueprint))

    def finish(self, event: Event | None) -> dict[str, Any]:
        """Measure, put down and report what came out, after the last event."""
        result = _result(self.programs, self.dataset, self.settings, self._recorder, event)
        self.run.write_result(result)
        _draw(self.run, result, self.dataset)
        self.report(events.Finished(result))
        return result


def opened(
    path: str | Path, blueprint: Blueprint, settings: Settings, resume: bool
) -> RunDirectory:
    """The directory of a new run, or with `resume` that of one to go on with, locked.

    Raises:
        RunError: GC602 to GC609 where it is not fit for it.
    """
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


def inheritance(
    path: str | Path, blueprint: Blueprint, origins: Origins | None, resume: bool, report: Report
) -> Inheritance | None:
    """What the run in a directory takes from others, with whose weights it starts.

    Nothing where it goes on from a checkpoint: the others are then not read.

    Raises:
        RunError: as `Inheritance.of`.
    """
    if origins is None or (resume and checkpoints(Path(path) / "checkpoints")):
        return None
    return Inheritance.of(origins, blueprint.weights, _warning(report))


def _warning(report: Report) -> Callable[[Diagnostic], None]:
    return lambda diagnostic: report(events.Warned(diagnostic))


def _warn_of_edges(dataset: Dataset, report: Report) -> None:
    """Say where edges of the data are left out, which nobody asked for."""
    gone = edges_gone(dataset.left_out)
    if gone is not None:
        message = f"edges are left out of the data: {gone}"
        help = (
            "layers have self loops of their own (`self_loops`); `graphc data SPEC` has the counts"
        )
        report(events.Warned(Diagnostic("GC516", message, help=help, severity="warning")))


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
    made = Settings.from_dict(run.settings).schedule_epochs
    now = settings.schedule_epochs or settings.epochs
    if made is None or made == now or start.epoch >= now:
        return
    message = f"the learning rate keeps its schedule over {made} epochs, and the run has {now} now"
    after = "the rate then stays where it ended" if now > made else "the rate does not get so far"
    help = f"train into another directory for a schedule over {now}"
    problem = Diagnostic("GC607", message, None, (Note(after),), help, severity="warning")
    report(events.Warned(problem))


def _draw(run: RunDirectory, result: dict[str, Any], dataset: Dataset) -> None:
    """The confusion matrix of the test split as a picture, if it was measured."""
    matrix = result.get("test", {}).get("confusion_matrix")
    if matrix is not None:
        write_text(run.path / "confusion.svg", confusion_svg(matrix, dataset.class_names))


def _result(
    programs: Programs,
    dataset: Dataset,
    settings: Settings,
    recorder: Recorder,
    event: Event | None,
) -> dict[str, Any]:
    assert isinstance(event, events.Ended)
    state, line = event.snapshot.alone().state, recorder.last_epoch()
    best = {}
    if settings.patience is not None:
        state, line = _best(recorder, programs.module, settings, state)
        best = {"best_epoch": line.get("epoch")}
    result: dict[str, Any] = {each: line[each] for each in ("train", "validation") if each in line}
    if settings.test and "test" in dataset.splits:
        test = measured(dataset, "test", settings)
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
