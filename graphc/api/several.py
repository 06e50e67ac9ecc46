"""Several runs in one directory: the folds of a cross-validation, ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc.api.run import Run, load_run
from graphc.core.diagnostic import Diagnostic, RunError

if TYPE_CHECKING:
    from graphc.api.model import Model

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
    models: Mapping[str, Model], directory: Path, *, resume: bool = False, **options: Any
) -> SeveralRuns:
    """Train a run for each model in the directory.

    Where the numbers of one are no longer finite, the others are trained all the same.

    Args:
        models: by the names of their runs, see `graphc.runtime.several.KINDS`.
        resume: whether to go on in that directory: runs that are finished are left as they are.
        options: those of `Model.train`.

    Raises:
        RunError: as `Model.train`, and GC605 where the directory holds something already.
    """
    from graphc.runtime.several import begin, summarize

    begin(directory, resume)
    results: dict[str, Any] = {}
    failed: list[Diagnostic] = []
    for name, model in models.items():
        try:
            results[name] = _result(model, directory / name, resume, options)
        except RunError as error:
            if error.diagnostics[0].code != _NOT_FINITE:
                raise
            failed += error.diagnostics
    summary = summarize(directory, results) if results else {}
    if failed:
        raise RunError(failed)
    return SeveralRuns(directory.absolute(), summary)


def _result(model: Model, path: Path, resume: bool, options: Mapping[str, Any]) -> dict[str, Any]:
    from graphc.runtime.several import begun, finished

    training = model.compiled.checked.document.training
    result = finished(path, training.epochs if training is not None else 0)
    if result is None:
        return model.train(path, resume=resume and begun(path), **options).result
    model.require_made(path)
    return result
