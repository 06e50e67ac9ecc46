"""Compiled specs: their source, and what is done before and while they are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc import compiler
from graphc.api.graphs import Graph, source_of, text_of
from graphc.api.run import Run, load_run
from graphc.build.builder import Graph as Builder
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Source
from graphc.graph.graph import Graph as FrozenGraph
from graphc.ops.sources import ArraySource

if TYPE_CHECKING:
    from graphc.data.dataset import Dataset
    from graphc.graph.weights import WeightMap
    from graphc.ops.training import Training
    from graphc.runtime.doctor.checkup import Checkup

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
        from graphc.runtime.blueprint import blueprint_of, settings_of
        from graphc.runtime.report import write_report
        from graphc.runtime.rundir import free_directory
        from graphc.runtime.start import Origin
        from graphc.runtime.train import train

        checked, training = self._trainable()
        directory = Path(run) if run is not None else free_directory(RUNS, checked.name, resume)
        dataset, compiled = self._with_data()
        if training.early_stopping is not None and not dataset.count("validation"):
            message = "early stopping needs a validation split, and the data has none"
            place = checked.document.place("train", "early_stopping")
            help = "hold one out: `data: {NAME: {validation: 0.1}}`"
            raise SpecError(Diagnostic("GC431", message, place, help=help))
        settings = replace(
            settings_of(compiled, dataset.count("train")),
            cache=cache,
            checkpoint_seconds=checkpoint_seconds,
            checkpoint_steps=checkpoint_steps,
        )
        blueprint = blueprint_of(compiled)
        if checked.user_code and not resume:
            blueprint = replace(blueprint, weights=self._weights(dataset, settings.batch_size))
        listeners = [report]
        if tensorboard:
            from graphc.runtime.tensorboard import tensorboard as writer

            listeners.append(writer(directory.absolute()))

        def tell(event: Any) -> None:
            for each in listeners:
                each(event)

        origin = None
        if training.init_from is not None:
            document = checked.document
            place = partial(document.place, "train", "init_from")
            origin = Origin(training.init_from, document.folder, place)
        train(blueprint, dataset, settings, directory, resume=resume, origin=origin, report=tell)
        done = load_run(directory)
        write_report(done._directory, checked, dataset, done._warn)
        return done

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
    ) -> CrossValidation:
        """Train a run for each fold, `fold-0`, `fold-1`, ..., in the directory `run`.

        With `resume`, folds that are finished are left as they are, and the others go on. Other
        options are those of `train`.

        Raises:
            RunError: as `train`, and GC605 where the directory holds a run already.
        """
        from graphc.runtime.blueprint import blueprint_of
        from graphc.runtime.folds import begin, finished, fold_of, summarize
        from graphc.runtime.rundir import RunDirectory, free_directory

        name, training = self.compiled.checked.name, self.compiled.checked.document.training
        directory = Path(run) if run is not None else free_directory(RUNS, name, resume)
        begin(directory, resume)
        results = []
        for fold, model in enumerate(self.folds):
            path = fold_of(directory, fold)
            result = finished(path, training.epochs if training is not None else 0)
            if result is None:
                started = resume and (path / "model.json").exists()
                result = model.train(path, resume=started, **options).result
            else:
                _, compiled = model._with_data()
                RunDirectory.open(path).require_same(blueprint_of(compiled))
            results.append(result)
        return CrossValidation(directory.absolute(), summarize(directory, results))

    def doctor(self) -> Checkup:
        """Look at the network before it is trained: its loss, values and gradients.

        Raises:
            RunError: where the data cannot be read.
            SpecError: as `train`.
        """
        from graphc.runtime.blueprint import blueprint_of
        from graphc.runtime.doctor.checkup import checkup

        checked, training = self._trainable()
        dataset, _ = self._with_data()
        compiled = compiler.for_checkup(self.compiled)
        weights, rows = compiled.weights, training.rows(dataset.count("train"))
        if checked.user_code:
            weights = self._weights(dataset, rows)
        return checkup(
            Model(compiled).module(), blueprint_of(compiled), weights, checked, dataset, rows
        )

    def _trainable(self) -> tuple[compiler.Checked, Training]:
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
        return checked, training

    def _with_data(self) -> tuple[Dataset, compiler.Compiled]:
        """The data, and what was compiled for as many examples as it has to train on."""
        from graphc.data.lengths import require_at_most
        from graphc.data.load import load
        from graphc.runtime.device import device_memory

        document = self.compiled.checked.document
        assert document.data is not None
        place, device = document.place("data"), device_memory()
        dataset = load(document.data, document.folder, place, device=device)
        plan = self.compiled.program.plan
        require_at_most(dataset.splits, plan.longest if plan is not None else ())
        return dataset, compiler.with_examples(self.compiled, dataset.count("train"))

    def _weights(self, dataset: Dataset, batch_size: int) -> WeightMap:
        """The map with the arrays of the user's code, which is tried on the way."""
        from graphc.runtime.trial import arrays_of, try_training

        module, compiled = self.module(), self.compiled
        code, lines = compiled.checked.user_code, compiled.emitted.lines
        try_training(module, code, lines, dataset.splits["train"], batch_size)
        return compiled.weights.completed(arrays_of(module))


@dataclass(frozen=True)
class CrossValidation:
    """What came out of the folds: `Model.cross_validate` makes it.

    Attributes:
        path: the directory that holds the runs.
        summary: what its `summary.json` holds: for each split and metric `mean`, `deviation` (the
            sample's) and the `values` of the folds.
    """

    path: Path
    summary: dict[str, Any]


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
