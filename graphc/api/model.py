"""Compiled specs: their source, and what is done before and while they are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc import compiler
from graphc.api.ensemble import Ensemble
from graphc.api.graphs import Graph, source_of, text_of
from graphc.api.prepared import Keeping, Prepared, listener
from graphc.api.run import Run, with_report
from graphc.api.several import SeveralRuns, train_several
from graphc.build.builder import Graph as Builder
from graphc.checker import Checked
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.span import Source, Span
from graphc.graph.graph import Graph as FrozenGraph
from graphc.graph.stacking import longest
from graphc.ops.sources import ArraySource
from graphc.plan.watching import no_validation
from graphc.plan.weighing import weighs_by_data
from graphc.spec.document import KEYS
from graphc.spec.overrides import override
from graphc.spec.tuned import write_tuned

if TYPE_CHECKING:
    from graphc.api.sweep import Sweep
    from graphc.data.dataset import Dataset
    from graphc.graph.weights import WeightMap
    from graphc.insight.analysis import StepAnalysis
    from graphc.ops.training import Training
    from graphc.runtime.doctor.checkup import Checkup
    from graphc.runtime.tuning import Fastest, Tried

RUNS = "runs"


class Model:
    """A compiled spec.

    Attributes:
        compiled: everything the compiler knows of it.

    Example:
        >>> model = compile("specs/digits_mlp")
        >>> model.compiled.weights.parameters
        17226
        >>> print(model.source.splitlines()[0])
        \"""digits_mlp, written by graphc from specs/digits_mlp.yaml.\"""
    """

    def __init__(self, compiled: compiler.Compiled) -> None:
        self.compiled = compiled

    @property
    def source(self) -> str:
        """The Flax module."""
        return self.compiled.source

    @property
    def graph(self) -> FrozenGraph:
        """The graph of the trained (or only) network, before the passes."""
        plan = self.compiled.checked.plan
        networks = self.compiled.checked.networks
        return networks[plan.network] if plan is not None else next(iter(networks.values()))

    def setting(self, name: str) -> str:
        """A value of `train`, as `--set` takes it."""
        training = self.compiled.checked.document.training
        assert training is not None
        return training.setting(name)

    def module(self) -> Any:
        """The source as an imported module, see docs/emitted-module.md.

        Raises:
            SpecError: where code of your own (`python`) does not do what the spec declares.
        """
        from graphc.runtime.module import module_from_source

        checked = self.compiled.checked
        if checked.user_code:
            from graphc.runtime.trial import try_steps

            training = checked.document.training
            try_steps(checked.user_code, training.rows(2) if training is not None else 2)
        return module_from_source(self.source, f"<graphc {checked.name}>", checked.user_code)

    def train(
        self,
        run: str | Path | None = None,
        *,
        resume: bool = False,
        cache: bool = True,
        checkpoint_seconds: float = 10.0,
        checkpoint_steps: int | None = None,
        tensorboard: bool = False,
        report: Callable[[Any], None] = lambda event: None,
    ) -> Run:
        """Train it, keeping everything in the directory `run` (default: runs/NAME).

        Args:
            resume: whether to go on with the run in that directory.
            cache: whether compiled programs are kept for the next start.
            checkpoint_seconds: at least so many seconds lie between two checkpoints.
            checkpoint_steps: save also within epochs, after every so many steps.
            tensorboard: whether event files are written too (the extra `tensorboard`).
            report: is told every event.

        Raises:
            RunError: where the data, the disk or the numbers fail.
            SpecError: where the spec says nothing about training, the model is for inference, or
                code of your own (`python`) does not do what it declares.
        """
        from graphc.runtime.train import train

        keeping = Keeping(cache, checkpoint_seconds, checkpoint_steps)
        checked, _ = self._trainable()
        directory = self._directory(run, resume)
        made = self.prepared(keeping, resume)
        tell = listener(directory, tensorboard, report)
        train(
            made.blueprint,
            made.dataset,
            made.settings,
            directory,
            resume=resume,
            origins=made.origins,
            report=tell,
        )
        return with_report(directory, checked, made.dataset)

    def prepared(
        self, keeping: Keeping, resume: bool = False, dataset: Dataset | None = None
    ) -> Prepared:
        """What a run is made from.

        Args:
            resume: whether there is one already.
            dataset: the data, where it is loaded; all that this model learns from.
        """
        from graphc.runtime.blueprint import blueprint_of, settings_of
        from graphc.runtime.origins import Origins

        checked, training = self._trainable()
        dataset = dataset or self.dataset()
        compiled = self._compiled_for(dataset)
        if training.early_stopping is not None:
            place = checked.document.place("train", "early_stopping")
            require_validation(dataset, "early stopping", place)
        settings = replace(settings_of(compiled, dataset.examples), **asdict(keeping))
        blueprint = blueprint_of(compiled)
        if checked.user_code and not resume:
            blueprint = replace(blueprint, weights=self._weights(dataset, settings.learned_size))
        return Prepared(dataset, blueprint, settings, Origins.of(checked, dataset))

    @property
    def folds(self) -> tuple[Model, ...]:
        """A model for each fold that `data` asks for; empty where it asks for none."""
        checked = self.compiled.checked
        document = checked.document
        data = document.data
        if not isinstance(data, ArraySource) or data.folds is None or data.fold is not None:
            return ()
        documents = (replace(document, data=replace(data, fold=i)) for i in range(data.folds))
        return tuple(
            Model(replace(self.compiled, checked=replace(checked, document=each)))
            for each in documents
        )

    def cross_validate(
        self,
        run: str | Path | None = None,
        *,
        resume: bool = False,
        **options: Any,
    ) -> SeveralRuns:
        """Train a run for each fold, `fold-0`, `fold-1`, ..., in the directory `run`.

        With `resume`, folds that are finished are left as they are, and the others go on. Other
        options are those of `train`.

        Raises:
            RunError: as `train`, and GC605 where the directory holds a run already.
        """
        for model in self.folds:
            model._trainable()
        models = {f"fold-{fold}": model for fold, model in enumerate(self.folds)}
        return train_several(models, self._directory(run, resume), resume=resume, **options)

    def _directory(self, run: str | Path | None, resume: bool) -> Path:
        """What was named, or else runs/NAME with the number that is next."""
        from graphc.runtime.rundir import free_directory

        return Path(run) if run else free_directory(RUNS, self.compiled.checked.name, resume)

    def require_made(self, run: Path) -> None:
        """Raise RunError GC607 unless this is what the run in a directory was made from."""
        from graphc.runtime.blueprint import blueprint_of
        from graphc.runtime.rundir import RunDirectory

        _, compiled = self.with_data()
        RunDirectory.open(run).require_same(blueprint_of(compiled))

    def train_seeds(
        self,
        seeds: Iterable[int],
        run: str | Path | None = None,
        *,
        resume: bool = False,
        **options: Any,
    ) -> SeveralRuns:
        """Train a run for each seed, `seed-0`, `seed-1`, ..., in the directory `run`.

        With `resume`, runs that are finished are left as they are, and the others go on. Other
        options are those of `train`.

        Raises:
            RunError: as `train`, and GC605 where the directory holds something already.
            SpecError: as `train`.
        """
        self._trainable()
        models = {f"seed-{seed}": self._with_training({"seed": seed}) for seed in seeds}
        options["lockstep"] = self.compiled.choices.lockstep
        return train_several(models, self._directory(run, resume), resume=resume, **options)

    @property
    def members(self) -> tuple[Model, ...]:
        """A model for each member of the ensemble that `train` asks for; empty without one."""
        training = self.compiled.checked.document.training
        if training is None or not training.members:
            return ()
        several = (training.member(i) for i in range(training.members))
        return tuple(self._with_training({"ensemble": each}) for each in several)

    def train_ensemble(
        self, run: str | Path | None = None, *, resume: bool = False, **options: Any
    ) -> Ensemble:
        """Train the members of an ensemble, `member-0`, `member-1`, ..., in the directory `run`.

        With `resume`, members that are finished are left as they are, and the others go on. Other
        options are those of `train`.

        Raises:
            RunError: as `train`, and GC605 where the directory holds something already.
            SpecError: as `train`.
        """
        from graphc.runtime.several import summarize

        models = {f"member-{number}": model for number, model in enumerate(self.members)}
        for model in models.values():
            model._trainable()
        options["lockstep"] = self.compiled.choices.lockstep
        done = train_several(models, self._directory(run, resume), resume=resume, **options)
        ensemble = Ensemble(done.path)
        figures = ensemble.evaluate_all(ensemble.dataset())
        results = {each.path.name: each.result for each in ensemble.members}
        summarize(done.path, results, ensemble=figures)
        return ensemble

    def _with_training(self, values: Mapping[str, Any]) -> Model:
        """The same with other values in `train`, as by `--set`."""
        checked = self.compiled.checked
        document, training = checked.document, checked.document.training
        assert training is not None
        training = replace(training, **values)
        settings = tuple(training.setting(name) for name in values)
        tree = override(document.tree, settings, KEYS, Report())
        document = replace(document, tree=tree, training=training)
        checked = replace(checked, document=document)
        return Model(replace(self.compiled, checked=checked))

    def sweep(
        self, run: str | Path | None = None, *, resume: bool = False, **options: Any
    ) -> Sweep:
        """Train the trials of the spec's `search`, `trial-000`, ..., in the directory `run`.

        Each is judged on the validation split; the test split is looked at once, with the best.
        With `resume`, trials that are finished are left as they are, and the others go on.

        Args:
            run: the directory; default: runs/NAME.
            resume: whether to go on with the search in that directory.
            options: `report`, which is told every event of every trial, `cache` and
                `checkpoint_seconds`, as in `train`.

        Raises:
            RunError: as `train`; GC623 where `bayesian` lacks optuna, GC627 where all trials fail.
            SpecError: as `train`; GC440 where the spec has no `search`, GC431 where the data has
                no validation split.
        """
        from graphc.api.sweep import sweep

        self._trainable()
        return sweep(self, self._directory(run, resume), resume=resume, **options)

    def doctor(self) -> Checkup:
        """Look at the network before it is trained: its loss, values and gradients.

        Of an ensemble, at the first member.

        Raises:
            RunError: where the data cannot be read.
            SpecError: as `train`, and GC635 where it is trained on several objectives.
        """
        from graphc.runtime.blueprint import blueprint_of
        from graphc.runtime.doctor.checkup import checkup

        if members := self.members:
            return members[0].doctor()
        checked, training = self._trainable()
        if checked.players:
            message = "a check-up looks at one loss, and here are several objectives"
            place = checked.document.place("train", "objectives")
            help = "look at a network by itself: a spec with it and `train: {loss: ...}`"
            raise SpecError(Diagnostic("GC635", message, place, help=help))
        dataset, compiled = self.with_data()
        compiled = compiler.for_checkup(compiled)
        weights, rows = compiled.weights, training.rows(dataset.count("train"))
        if checked.user_code:
            weights = self._weights(dataset, rows)
        return checkup(
            Model(compiled).module(), blueprint_of(compiled), weights, checked, dataset, rows
        )

    def analyse(self) -> StepAnalysis:
        """What a training step costs: its memory and work by XLA's analysis, and by node.

        Of folds and members, at the first one.

        Raises:
            RunError: where the data cannot be read.
            SpecError: as `train`.
        """
        from graphc.api.analysis import analysis_of

        several = self.folds or self.members
        if several:
            return several[0].analyse()
        self._trainable()
        return analysis_of(self)

    def tune(self, seconds: float = 120.0) -> Iterator[Tried | Fastest]:
        """Measure which forms are faster for it on the device at hand.

        Args:
            seconds: after how many no further form is tried.

        Yields:
            Each form that was tried, and in the end what was the fastest.

        Raises:
            RunError: where the data cannot be read.
            SpecError: as `train`.
        """
        from graphc.api.tuning import tuned_by

        self._trainable()
        return tuned_by(self, seconds)

    def tuned(self, found: Fastest) -> str:
        """The text of the file, beside the spec, that says what `tune` found."""
        checked, device = self.compiled.checked, self.compiled.choices.device
        return write_tuned(checked.document, checked.networks, device, found.forms)

    def _trainable(self) -> tuple[Checked, Training]:
        """What is trained and how; raises SpecError GC412 where the spec says nothing of it."""
        checked = self.compiled.checked
        document, training = checked.document, checked.document.training
        if self.compiled.program.inference:
            message = "a model that was compiled for inference cannot be trained"
            help = "compile it without `inference`"
            raise SpecError(Diagnostic("GC412", message, document.place(), help=help))
        if training is None or checked.plan is None or document.data is None:
            help = "add `train: {loss: ..., epochs: ...}` and `data: ...`"
            problem = Diagnostic("GC412", "this spec has no `train`", document.place(), help=help)
            raise SpecError(problem)
        if folds := self.folds:
            message = f"this spec asks for {len(folds)} folds, which are a run each"
            help = "train them all with `cross_validate`, or choose one with `fold`"
            raise SpecError(Diagnostic("GC521", message, document.place("data"), help=help))
        if training.members:
            message = f"this spec asks for {training.members} members, which are a run each"
            help = "train them all with `train_ensemble`, or choose one with `member`"
            place = document.place("train", "ensemble")
            raise SpecError(Diagnostic("GC432", message, place, help=help))
        return checked, training

    def dataset(self) -> Dataset:
        """The data that it learns from; raises RunError where it cannot be read."""
        from graphc.data.edge_values import read_by
        from graphc.data.lengths import require_at_most, require_pieces
        from graphc.data.load import load
        from graphc.runtime.device import device_memory

        document = self.compiled.checked.document
        assert document.data is not None
        place, device = document.place("data"), device_memory()
        dataset = load(document.data, document.folder, place, device=device)
        plan = self.compiled.program.plan
        bounded = plan.longest if plan is not None else ()
        require_at_most(dataset.fields, dataset.splits, bounded)
        if document.training is not None:
            steps, span = document.training.truncate, document.place("train", "truncate")
            require_pieces(dataset.splits["train"], dataset.longest, steps, span)
        dataset = replace(dataset, device=self.compiled.choices.device)
        if plan is None:
            return dataset
        dataset = read_by(dataset, [field for _, field in plan.inputs])
        stacked = longest(self.compiled.checked.networks[plan.network], dict(plan.inputs))
        at_most = {name: most for name, most, _ in stacked}
        return replace(
            dataset,
            at_most=at_most,
            reads_target=plan.reads(dataset.target),
            compared=plan.compares(dataset.target),
            sparse=self.compiled.program.sparse,
            draws=self.compiled.program.neighbours is not None,
        )

    def with_data(self) -> tuple[Dataset, compiler.Compiled]:
        """The data, and what was compiled for the examples that it has to train on."""
        dataset = self.dataset()
        return dataset, self._compiled_for(dataset)

    def _compiled_for(self, dataset: Dataset) -> compiler.Compiled:
        from graphc.api.memory import within_budget

        checked = self.compiled.checked
        weighs = weighs_by_data(checked.document.training, checked.plan)
        # Counting reads targets, which may be streamed.
        classes = dataset.class_counts if weighs else None
        compiled = within_budget(self.compiled, dataset)
        return compiler.with_examples(compiled, dataset.examples, classes, dataset.longest)

    def _weights(self, dataset: Dataset, batch_size: int) -> WeightMap:
        """The map with the arrays of the user's code, which is tried on the way."""
        from graphc.runtime.trial import arrays_of, try_training

        module, compiled = self.module(), self.compiled
        code, lines = compiled.checked.user_code, compiled.emitted.lines
        try_training(module, code, lines, dataset.learned, batch_size)
        return compiled.weights.completed(arrays_of(module))


def require_validation(dataset: Dataset, who: str, place: Span) -> None:
    """Raise SpecError GC431 where there is no validation split for `who` to look at."""
    if not dataset.count("validation"):
        raise SpecError(no_validation(who, place))


def compile(
    spec: str | Path | Source | Graph | FrozenGraph,
    settings: Iterable[str] = (),
    *,
    without: Iterable[str] = (),
    device: str | None = None,
    python: bool = True,
    inference: bool = False,
    **sections: object,
) -> Model:
    """Compile a spec file, or a graph built in Python.

    Args:
        spec: a path, a Source, or a graph.
        settings: `path=value` overrides, as with `--set`.
        without: passes to leave out.
        device: cpu, gpu or tpu; default: what jax finds.
        python: whether `python` steps, which run code of your own, are allowed.
        inference: for evaluation alone: no training functions, batch norms folded into layers.
        sections: for a graph, the sections `data` and `train` as plain data.

    Raises:
        SpecError: with every problem that was found.

    Example:
        >>> g = Graph(x=(4,))
        >>> g.output(y=g.dense("x", 3, activation="relu"))
        >>> "nnx.relu(self.dense(x))" in compile(g).source
        True
    """
    if isinstance(spec, (Builder, FrozenGraph)):
        spec = Source("<graph>", text_of(spec, sections))
    device = device or default_device()
    compiled = compiler.compile(source_of(spec), settings, without, device, python, inference)
    return Model(compiled)


def default_device() -> str:
    """cpu, gpu or tpu: where jax would run."""
    import jax

    backend = jax.default_backend()
    return backend if backend in ("gpu", "tpu") else "cpu"
