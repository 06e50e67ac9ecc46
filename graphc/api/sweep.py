"""Searches: trials in one directory, and the best of them."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc import compiler
from graphc.api.prepared import Keeping, Prepared, Report
from graphc.api.run import Run, load_run
from graphc.core.diagnostic import Diagnostic, GraphcError, RunError, SpecError
from graphc.core.tree import plain
from graphc.ops.search import Search
from graphc.plan.sampling import Draw, Round, Values, chosen, drawn, grid, rounds, trials_of
from graphc.plan.searching import judged
from graphc.spec.document import Document
from graphc.spec.trials import settings_text, trial_text
from graphc.spec.writer import flow

if TYPE_CHECKING:
    from graphc.api.model import Model
    from graphc.data.dataset import Dataset
    from graphc.runtime.ledger import Ledger, Trial
    from graphc.runtime.together import Part

_STOPPED, _NOT_FINITE = "GC612", "GC601"
BEST, PICTURE = "best.yaml", "sweep.svg"


@dataclass(frozen=True)
class Sweep:
    """What came out of a search: `Model.sweep` makes it.

    Attributes:
        path: the directory that holds the trials.
        summary: what its `summary.json` holds: `monitor` and `maximize`, what trials are compared
            by; `trials`, the best first, each with `name`, `values`, `score`, `epochs`,
            `validation` and `failed`; `settings`, which make the best one of the spec; and `test`,
            how that does on the test split.

    Example:
        >>> model = gc.compile("specs/digits_search", ["search.trials=2", "train.epochs=3"])
        >>> found = model.sweep("a_search")
        >>> [each["epochs"] for each in found.summary["trials"]]
        [3, 2]
    """

    path: Path
    summary: dict[str, Any]

    @property
    def best(self) -> Run:
        """The run of the best trial."""
        return load_run(self.path / self.summary["trials"][0]["name"])

    def table(self) -> str:
        """The trials as text, the best first."""
        from graphc.insight.trials import trials_table

        return trials_table(self.summary)


def sweep(
    model: Model,
    directory: Path,
    *,
    resume: bool = False,
    cache: bool = True,
    checkpoint_seconds: float = 10.0,
    report: Report = lambda event: None,
) -> Sweep:
    """Train the trials of a model's search in a directory; see `Model.sweep`."""
    from graphc.runtime.lock import Lock
    from graphc.runtime.several import begin
    from graphc.runtime.signals import stop_on_signals

    document = model.compiled.checked.document
    if document.search is None:
        help = "add `search: {over: {...}}`, or name values: `graphc sweep SPEC --set units=16,32`"
        message = "this spec has no `search`"
        raise SpecError(Diagnostic("GC440", message, document.place(), help=help))
    keeping = Keeping(cache, checkpoint_seconds)
    searching = _Searching(model, document, document.search, directory, report, keeping)
    searching.prepare()
    if not resume or not searching.ledger.exists():
        begin(directory, resume)
    lock = Lock(directory)
    try:
        with stop_on_signals():
            return searching.run(resume)
    except RunError as error:
        raise _resumable(error, directory) from None
    finally:
        lock.release()


def _resumable(error: RunError, directory: Path) -> RunError:
    """Where a trial was stopped, how the search goes on."""
    if error.diagnostics[0].code != _STOPPED:
        return error
    help = f"`--resume` goes on with the search in `{directory}` from there"
    return RunError(replace(each, help=help) for each in error.diagnostics)


class _Searching:
    """One search, while it goes on."""

    def __init__(
        self,
        model: Model,
        document: Document,
        search: Search,
        directory: Path,
        report: Report,
        keeping: Keeping,
    ) -> None:
        from graphc.runtime.ledger import Ledger

        checked = model.compiled.checked
        assert document.training is not None and checked.plan is not None
        self.model, self.document, self.search = model, document, search
        self.directory, self.report, self.keeping = directory, report, keeping
        self.training = document.training
        self.monitor, self.maximize = judged(search, document.training, checked.plan)
        self.rounds = rounds(search, document.training.epochs)
        self.ledger: Ledger = Ledger(directory, self._about())
        self._data: tuple[Any, Dataset] | None = None

    def _about(self) -> dict[str, Any]:
        """What a resumed search must have in common with what it goes on with; see `Ledger`."""
        spec = {key.text: plain(tree) for key, tree in self.document.tree}
        return {
            "spec": {key: each for key, each in spec.items() if key != "search"},
            "over": {each.path.text: plain(each.whole) for each in self.search.over},
            "method": self.search.kind,
            "seed": self.search.seed,
            "halving": self.search.halving and self.search.halving.write(),
            "monitor": self.monitor,
        }

    def prepare(self) -> None:
        """Look at what can be wrong before anything is written.

        Raises:
            RunError: GC623, or where the data cannot be read.
            SpecError: GC431.
        """
        from graphc.api.model import require_validation
        from graphc.runtime.bayesian import require_optuna

        if self.search.kind == "bayesian":
            require_optuna()
        dataset = self._dataset(self.model)
        require_validation(dataset, "a search", self.document.place("search"))

    def run(self, resume: bool) -> Sweep:
        """All rounds, then the best trial on the test split."""
        from graphc.runtime.ledger import best_of_round

        ledger = self.ledger
        if resume:
            ledger.resume()
        ledger.keep()
        alive = list(range(trials_of(self.search)))
        for turn, each in enumerate(self.rounds):
            alive = sorted(alive[: each.trials])
            if self.search.kind != "bayesian" and self.model.compiled.choices.lockstep:
                self._take_part_together(alive, turn, each)
            for number in alive:
                self._take_part(number, turn, each)
            done = [ledger.trials[number] for number in alive]
            alive = [trial.number for trial in best_of_round(done, turn, self.maximize)]
        return self._conclude()

    def _take_part(self, number: int, turn: int, each: Round) -> None:
        """A trial's part in a round, unless that was over before the search was resumed."""
        from graphc.runtime.several import begun
        from graphc.runtime.train import train

        trial = self._trial(number)
        if trial.over_after(turn):
            return
        self.ledger.keep(trial)
        try:
            made, path = self._made(trial, each.epochs), self.directory / trial.name
            found = train(
                *(made.blueprint, made.dataset, made.settings, path),
                resume=begun(path),
                origins=made.origins,
                report=self.report,
            )
        except GraphcError as error:
            _let_fail(trial, error)
        else:
            self._judge(trial, found)
        self._told(trial)

    def _take_part_together(self, numbers: list[int], turn: int, each: Round) -> None:
        """A round of those trials that one program can train side by side.

        Which these are depends on the round alone: a search that was killed goes on with the same.
        """
        from graphc.api.side_by_side import alike
        from graphc.runtime.events import SideBySide
        from graphc.runtime.together import train_together

        trials = [self._trial(number) for number in numbers]
        if all(trial.over_after(turn) for trial in trials):
            return
        self.ledger.keep(*trials)
        for group in alike(self._all_made(trials, each.epochs)):
            parts = {
                slot: self._part(trial, made, len(group.trials))
                for slot, (trial, made) in enumerate(group.trials)
                if not trial.over_after(turn)
            }
            if not parts:
                continue
            dataset = group.trials[0][1].dataset
            self.report(SideBySide(tuple(part.directory.name for part in parts.values())))
            found, lost = train_together(
                parts, len(group.trials), dataset, self.report, group.lifted
            )
            for slot in parts:
                trial = group.trials[slot][0]
                if slot in lost:
                    _let_fail(trial, RunError(lost[slot]))
                else:
                    self._judge(trial, found[slot])
                self._told(trial)

    def _part(self, trial: Trial, made: Prepared, slots: int) -> Part:
        from graphc.runtime.several import begun
        from graphc.runtime.together import Part

        path, settings = self.directory / trial.name, replace(made.settings, slots=slots)
        return Part(path, made.blueprint, settings, begun(path), made.origins)

    def _all_made(
        self, trials: list[Trial], epochs: int | None
    ) -> Iterator[tuple[Trial, Prepared]]:
        """What the runs of trials are made from, but for those that cannot be made."""
        for trial in trials:
            with suppress(GraphcError):
                yield trial, self._made(trial, epochs)

    def _made(self, trial: Trial, epochs: int | None) -> Prepared:
        """What a trial's run is made from, trained for so many epochs or as long as it says."""
        from graphc.api.model import Model
        from graphc.runtime.several import begun

        model = Model(compiler.trial(self.model.compiled, self._values(trial)))
        resume = begun(self.directory / trial.name)
        made = model.prepared(self.keeping, resume, self._dataset(model))
        settings = replace(made.settings, epochs=epochs or made.settings.epochs, test=False)
        return replace(made, settings=settings)

    def _trial(self, number: int) -> Trial:
        from graphc.runtime.ledger import Trial

        return self.ledger.trials.get(number) or Trial(number, self._draw(number))

    def _told(self, trial: Trial) -> None:
        """Put down what came of a trial, and tell of it."""
        self.ledger.keep(trial)
        self.report(self._tried(trial))

    def _draw(self, number: int) -> Draw:
        if self.search.kind == "grid":
            return grid(self.search)[number]
        if self.search.kind == "random":
            return drawn(self.search, number)
        from graphc.runtime.bayesian import suggested

        before = [self.ledger.trials[each] for each in range(number)]
        return suggested(self.search, number, before, self.maximize)

    def _judge(self, trial: Trial, result: dict[str, Any]) -> None:
        from graphc.runtime.files import printable

        trial.epochs, trial.validation = result["epochs"], printable(result.get("validation", {}))
        score, loss = (trial.validation.get(name) for name in (self.monitor, "loss"))
        if isinstance(score, float) and math.isfinite(score):
            trial.scores.append(score)
            known = loss if isinstance(loss, float) and math.isfinite(loss) else None
            trial.losses.append(sys.float_info.max if known is None else known)
        else:
            trial.failed = f"its `{self.monitor}` on the validation split is {score}"

    def _tried(self, trial: Trial) -> Any:
        from graphc.insight.trials import short_names
        from graphc.runtime.events import Tried

        names = short_names(each.path.text for each in self.search.over)
        values = dict(zip(names, map(flow, self._values(trial)), strict=True))
        score = None if trial.failed else trial.scores[-1]
        return Tried(trial.name, values, self.monitor, score, trial.epochs, trial.failed)

    def _values(self, trial: Trial) -> Values:
        return chosen(self.search, trial.draw)

    def _named(self, trial: Trial, form: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
        """The values of a trial by their paths."""
        for setting, value in zip(self.search.over, self._values(trial), strict=True):
            yield setting.path.text, form(value)

    def _dataset(self, model: Model) -> Dataset:
        """The data of a trial, loaded anew where it is other data than before."""
        source = model.compiled.checked.document.data
        if self._data is None or self._data[0] != source:
            self._data = source, model.dataset()
        return self._data[1]

    def _conclude(self) -> Sweep:
        """The table, the picture, the best spec and its test.

        Raises:
            RunError: GC627 where every trial failed.
        """
        from graphc.insight.trials import trials_chart
        from graphc.runtime.files import write_json, write_text
        from graphc.runtime.ledger import ranked
        from graphc.runtime.several import SUMMARY

        trials = ranked(self.ledger.trials.values(), self.maximize)
        best = trials[0]
        if best.failed is not None:
            raise RunError(self._hopeless(best))
        summary = {
            "monitor": self.monitor,
            "maximize": self.maximize,
            "trials": [self._row(each) for each in trials],
            "settings": settings_text(self.document, self._values(best)),
            "test": self._test(best),
        }
        score = f"{self.monitor} {best.scores[-1]:.4g} on the validation split"
        head = f"# the best of {len(trials)} trials of {self.document.source.name}: {score}\n"
        write_text(self.directory / BEST, head + trial_text(self.document, self._values(best)))
        write_text(self.directory / PICTURE, trials_chart(summary, self.search))
        write_json(self.directory / SUMMARY, summary)
        return Sweep(self.directory.absolute(), summary)

    def _hopeless(self, trial: Trial) -> Diagnostic:
        from graphc.core.diagnostic import Note

        message = f"none of {len(self.ledger.trials)} trials could be trained"
        note = Note(f"`{trial.name}` failed: {trial.failed}")
        help = "search over other values, such as smaller learning rates"
        return Diagnostic("GC627", message, notes=(note,), help=help)

    def _row(self, trial: Trial) -> dict[str, Any]:
        return {
            "name": trial.name,
            "values": dict(self._named(trial, plain)),
            "score": None if trial.failed else trial.scores[-1],
            "epochs": trial.epochs,
            "validation": trial.validation,
            "failed": trial.failed,
        }

    def _test(self, best: Trial) -> dict[str, Any]:
        """How the best trial does on the test split, which its run then holds too."""
        from graphc.runtime.report import write_report

        run = load_run(self.directory / best.name)
        dataset = run.dataset()
        if not dataset.count("test"):
            return {}
        found = run.evaluate("test")
        run._directory.write_result({**run.result, "test": found})
        checked = compiler.trial(self.model.compiled, self._values(best)).checked
        write_report(run._directory, checked, dataset, run._warn)
        return found


def _let_fail(trial: Trial, error: GraphcError) -> None:
    """Put down why a trial failed; raises the error where the trial is not to blame."""
    problem = error.diagnostics[0]
    if isinstance(error, RunError) and not _of_the_trial(problem.code):
        raise error
    trial.failed = f"{problem.code}: {problem.message}"


def _of_the_trial(code: str) -> bool:
    """Whether the values of a trial are to blame for a failure, and not the machine."""
    return code == _NOT_FINITE or code.startswith("GC5")
