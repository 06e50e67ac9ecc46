"""Several runs in one directory: folds, seeds, members of an ensemble."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc.api.prepared import Keeping, Report, listener
from graphc.api.run import Run, load_run, with_report
from graphc.core.diagnostic import Diagnostic, Note, RunError

if TYPE_CHECKING:
    from graphc.api.model import Model
    from graphc.data.dataset import Dataset

_NOT_FINITE = "GC601"


@dataclass(frozen=True)
class SeveralRuns:
    """What came out of several runs in one directory.

    Attributes:
        path: the directory that holds them.
        summary: what its `summary.json` holds: under `runs` their names, and for each split and
            metric `mean`, `deviation` (the sample's, None for a single run) and their `values`.
    """

    path: Path
    summary: dict[str, Any]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs, in order."""
        return tuple(load_run(self.path / name) for name in self.summary["runs"])


def train_several(
    models: Mapping[str, Model],
    directory: Path,
    *,
    resume: bool = False,
    lockstep: bool = False,
    cache: bool = True,
    checkpoint_seconds: float = 10.0,
    checkpoint_steps: int | None = None,
    tensorboard: bool = False,
    report: Report = lambda event: None,
) -> SeveralRuns:
    """Train a run for each model in the directory.

    Where the numbers of one are no longer finite, the others are trained all the same.

    Args:
        models: by the names of their runs, see `graphc.runtime.several.KINDS`.
        resume: whether to go on in that directory: runs that are finished are left as they are.
        lockstep: whether new runs are trained side by side, as one program: the models must then
            have the same data and the same source. Runs that were begun go on as they were, and
            all are trained one after the other where the data is streamed.

    Raises:
        RunError: as `Model.train`, and GC605 where the directory holds something already, GC609
            where another process trains there.
    """
    from graphc.runtime.lock import Lock
    from graphc.runtime.several import begin, summarize

    begin(directory, resume)
    keeping = Keeping(cache, checkpoint_seconds, checkpoint_steps)
    group, lock = _Group(models, directory, keeping, tensorboard, report), Lock(directory)
    try:
        results, failed = group.train_all(lockstep)
    finally:
        lock.release()
    ordered = {name: results[name] for name in models if name in results}
    summary = summarize(directory, ordered) if ordered else {}
    if failed:
        raise RunError(_of(name, each) for name, each in failed.items())
    return SeveralRuns(directory.absolute(), summary)


def _of(name: str, problem: Diagnostic) -> Diagnostic:
    return replace(problem, notes=(Note(f"it is so in the run `{name}`"), *problem.notes))


def _epochs(model: Model) -> int:
    training = model.compiled.checked.document.training
    return training.epochs if training is not None else 0


def _slots(
    directory: Path, names: Iterable[str], done: Container[str], lockstep: bool
) -> list[str]:
    """The runs that are side by side in one program, finished ones among them; maybe none.

    What a run computes depends in the last bits on how many they are: runs that were begun go on
    among as many.
    """
    from graphc.runtime.several import slots_of

    known = {name: slots_of(directory / name) for name in names}
    left = [name for name in known if name not in done]
    begun = {known[name] for name in left} - {None}
    if not begun:
        return left if lockstep and len(left) > 1 else []
    count = max(each for each in begun if each is not None)
    group = [name for name, slots in known.items() if slots in (count, None)]
    return group if count > 1 and len(group) == count else []


@dataclass(frozen=True)
class _Group:
    """How each of several models is trained."""

    models: Mapping[str, Model]
    directory: Path
    keeping: Keeping
    tensorboard: bool
    report: Report

    def train_all(self, lockstep: bool) -> tuple[dict[str, Any], dict[str, Diagnostic]]:
        """Those that are not finished: the results of all, and what is wrong with others."""
        from graphc.runtime.several import finished

        results: dict[str, Any] = {}
        for name, model in self.models.items():
            if (result := finished(self.directory / name, _epochs(model))) is not None:
                model.require_made(self.directory / name)
                results[name] = result
        failed: dict[str, Diagnostic] = {}
        slots = _slots(self.directory, self.models, results, lockstep)
        if slots and (dataset := self.in_memory(slots)) is not None:
            found, failed = self.train_together(slots, results, dataset)
            results |= found
        for name in self.models:
            if name in results or name in failed:
                continue
            try:
                results[name] = self.train(name)
            except RunError as error:
                if error.diagnostics[0].code != _NOT_FINITE:
                    raise
                (failed[name],) = error.diagnostics
        return results, failed

    def train(self, name: str) -> dict[str, Any]:
        """One run alone."""
        from graphc.runtime.events import OneOfSeveral
        from graphc.runtime.several import begun

        path = self.directory / name
        more = {"tensorboard": self.tensorboard, "report": self.report}
        self.report(OneOfSeveral(name))
        done = self.models[name].train(path, resume=begun(path), **asdict(self.keeping), **more)
        return done.result

    def in_memory(self, names: list[str]) -> Dataset | None:
        """The data of runs side by side, which all of it share; None where it is streamed."""
        from graphc.runtime.events import OneByOne

        dataset = self.models[names[0]].dataset()
        if not dataset.streamed:
            return dataset
        self.report(OneByOne("the data is streamed"))
        return None

    def train_together(
        self, names: list[str], done: Container[str], dataset: Dataset
    ) -> tuple[dict[str, Any], dict[str, Diagnostic]]:
        """Those that are not done side by side: their results, and what is wrong with others."""
        from graphc.runtime.events import SideBySide
        from graphc.runtime.several import begun
        from graphc.runtime.together import Part, train_together

        parts: dict[int, Part] = {}
        for slot, name in enumerate(names):
            if name in done:
                continue
            path = self.directory / name
            resume = begun(path)
            made = self.models[name].prepared(self.keeping, resume, dataset)
            settings = replace(made.settings, slots=len(names))
            listen = listener(path, self.tensorboard, lambda event: None)
            parts[slot] = Part(path, made.blueprint, settings, resume, made.origins, listen)
        self.report(SideBySide(tuple(names[slot] for slot in parts)))
        results, failed = train_together(parts, len(names), dataset, self.report)
        for slot in results:
            checked = self.models[names[slot]].compiled.checked
            with_report(self.directory / names[slot], checked, dataset)
        ended = {names[slot]: result for slot, result in results.items()}
        return ended, {names[slot]: problem for slot, problem in failed.items()}
