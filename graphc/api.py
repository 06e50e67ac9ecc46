"""The public face: compile, train and use a network from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc import compiler
from graphc.build.builder import Graph as Builder
from graphc.build.library import Library
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Source
from graphc.core.types import Type
from graphc.graph.graph import Graph as FrozenGraph
from graphc.ops.sources import ArraySource
from graphc.plan.watching import watched
from graphc.spec.bundled import named
from graphc.spec.document import STANDARD, standard_block
from graphc.spec.dump import dump as dump_networks
from graphc.spec.resolved import resolved

if TYPE_CHECKING:
    import numpy as np

    from graphc.data.dataset import Dataset, Form
    from graphc.graph.weights import WeightMap
    from graphc.methods import Methods
    from graphc.ops.training import Training
    from graphc.runtime.doctor.checkup import Checkup
    from graphc.runtime.rundir import Blueprint, RunDirectory
    from graphc.runtime.settings import Settings

else:
    Methods = object  # a stub: what the methods are is known when a name is looked up

RUNS = "runs"
TRAINING_CHOICES = ("steps_per_dispatch", "epoch_steps")


class Graph(Builder, Methods):
    """A graph built in Python; every operation and every standard block is a method.

    Args:
        inputs: the shape of each input, without the batch axis.

    Example:
        >>> g = Graph(image=(28, 28, 1))
        >>> h = g.conv("image", 32, activation="relu", name="stem")
        >>> h = g.residual(h, body=lambda g, x: g.conv(x, 32))
        >>> g.output(logits=g.dense(g.flatten(h), 10))
        >>> g.graph.output_type.shape
        (10,)
    """

    def __init__(self, **inputs: Iterable[int] | Type) -> None:
        super().__init__(Library(standard=standard_block, standard_names=STANDARD), **inputs)


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
        from graphc.data.load import load
        from graphc.runtime.report import write_report
        from graphc.runtime.train import train

        checked, training = self._trainable()
        document = checked.document
        assert document.data is not None
        directory = Path(run) if run is not None else _free_directory(checked.name, resume)
        dataset = load(document.data, document.folder, document.place("data"))
        if training.early_stopping is not None and not dataset.count("validation"):
            message = "early stopping needs a validation split, and the data has none"
            place = document.place("train", "early_stopping")
            help = "hold one out: `data: {NAME: {validation: 0.1}}`"
            raise SpecError(Diagnostic("GC431", message, place, help=help))
        examples = dataset.count("train")
        compiled = compiler.with_examples(self.compiled, examples)
        settings = replace(
            _settings(compiled, examples),
            cache=cache,
            checkpoint_seconds=checkpoint_seconds,
            checkpoint_steps=checkpoint_steps,
        )
        blueprint = _blueprint(compiled)
        if checked.user_code and not resume:
            blueprint = replace(blueprint, weights=self._weights(dataset, settings.batch_size))
        listeners = [report]
        if tensorboard:
            from graphc.runtime.tensorboard import tensorboard as writer

            listeners.append(writer(directory.absolute()))

        def tell(event: Any) -> None:
            for each in listeners:
                each(event)

        train(blueprint, dataset, settings, directory, resume=resume, report=tell)
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
        from graphc.runtime.folds import begin, finished, summarize
        from graphc.runtime.rundir import RunDirectory

        name, training = self.compiled.checked.name, self.compiled.checked.document.training
        directory = Path(run) if run is not None else _free_directory(name, resume)
        begin(directory, resume)
        results = []
        for fold, model in enumerate(self.folds):
            path = directory / f"fold-{fold}"
            result = finished(path, training.epochs if training is not None else 0)
            if result is None:
                started = resume and (path / "model.json").exists()
                result = model.train(path, resume=started, **options).result
            else:
                RunDirectory.open(path).require_same(_blueprint(model.compiled))
            results.append(result)
        return CrossValidation(directory.absolute(), summarize(directory, results))

    def doctor(self) -> Checkup:
        """Look at the network before it is trained: its loss, values and gradients.

        Raises:
            RunError: where the data cannot be read.
            SpecError: as `train`.
        """
        from graphc.data.load import load
        from graphc.runtime.doctor.checkup import checkup

        checked, training = self._trainable()
        document = checked.document
        assert document.data is not None
        dataset = load(document.data, document.folder, document.place("data"))
        examples = dataset.count("train")
        compiled = compiler.with_examples(self.compiled, examples)
        weights = compiled.weights
        if checked.user_code:
            weights = self._weights(dataset, training.rows(examples))
        return checkup(Model(compiled).module(), _blueprint(compiled), weights, checked, dataset)

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


class Run:
    """A run on the disk.

    Attributes:
        path: its directory.
        result: what came out: the loss and the metrics of each split, times and counts.

    Example:
        >>> run = compile("specs/digits_logistic", ["train.epochs=2"]).train("a_run")
        >>> sorted(run.evaluate("test"))
        ['accuracy', 'loss']
        >>> run.predict(np.zeros((3, 8, 8, 1))).shape
        (3, 10)
    """

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self.path = directory.path

    @property
    def result(self) -> dict[str, Any]:
        import json

        path = self.path / "result.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _warn(self, diagnostic: Diagnostic) -> None:
        import warnings

        warnings.warn(str(diagnostic), stacklevel=3)

    def document(self):
        """The resolved spec that it was trained from."""
        from graphc.spec.document import document_of

        return document_of(self._spec(str(self.path / "spec.yaml")))

    def _spec(self, name: str) -> Source:
        blueprint = self._directory.blueprint
        return Source(name, blueprint.spec, blueprint.folder)

    def dataset(self) -> Dataset:
        """Its data, scaled as it was for the run."""
        from graphc.data.load import load

        document = self.document()
        assert document.data is not None
        form = self._directory.form()
        return load(document.data, document.folder, document.place("data"), form)

    def form(self) -> Form:
        """What examples must be like and how they are prepared; the data itself is not read."""
        return self._directory.form() or self.dataset()

    def evaluate(self, split: str = "test") -> dict[str, Any]:
        """The loss and the metrics over a split, with the weights it ended with.

        A confusion matrix is a list of rows, everything else a number.
        """
        from graphc.runtime.use import evaluate_run

        return evaluate_run(self._directory, self.dataset(), split, self._warn)

    def predict(self, inputs: np.ndarray | Mapping[str, np.ndarray]) -> Any:
        """The outputs for examples [n, ...]: an array, or a tuple of them for several outputs.

        Args:
            inputs: raw values as in the data set, one array or one for each field; they are scaled
                as the training data was, with numbers that the run keeps.
        """
        from graphc.runtime.use import predict_run

        return predict_run(self._directory, self.form(), inputs, self._warn)

    @property
    def name(self) -> str:
        """That of its spec."""
        return self._directory.blueprint.name

    def export(self, form: str = "stablehlo", batch_size: int | None = None) -> bytes:
        """The network as a file for programs that know nothing of graphc.

            program = jax.export.deserialize(bytearray(run.export()))
            logits = program.call(images)

        Args:
            form: `stablehlo`, a program with the weights in it that `jax.export` loads, or
                `safetensors`, the weights by their paths in the spec.
            batch_size: how many examples the program takes at a time; None for any number.

        Raises:
            RunError: GC625 where the run has not ended, GC623 where a package is missing, GC626
                where the network cannot take any number of examples.
        """
        from graphc.runtime.export import require_finished, safetensors, stablehlo

        require_finished(self._directory)
        if form == "safetensors":
            return safetensors(self._directory, self._warn)
        if form != "stablehlo":
            raise ValueError(f"a network is exported as stablehlo or safetensors, not as {form!r}")
        return stablehlo(self._directory, self.dataset(), batch_size, self._warn)

    def replay(self) -> Diagnostic:
        """Where the numbers went wrong that the run stopped over.

        Raises:
            RunError: GC624 where it did not stop so.
        """
        from graphc.runtime.again import replay, require_stopped

        require_stopped(self._directory)
        return replay(self._directory, self.dataset(), self._warn)

    def inference(self) -> Inference:
        """The network for evaluation alone, with the weights it ended with.

        Its batch norms are folded into the layers before them, which cannot be undone: what this
        gives is never trained on or saved in the run.
        """
        from graphc.runtime.inference import inference_arrays

        spec = self._spec(f"{self._directory.blueprint.name}.yaml")
        device, code = default_device(), str(self.path)
        model = Model(compiler.compile(spec, device=device, python=code, inference=True))
        module, weights = model.module(), model.compiled.weights
        if model.compiled.checked.user_code:
            from graphc.runtime.trial import arrays_of

            weights = weights.completed(arrays_of(module))
        arrays = inference_arrays(self._directory, module, weights, self._warn)
        return Inference(model, arrays["params"], arrays["statistics"])


@dataclass(frozen=True)
class Inference:
    """A trained network for evaluation alone: `Run.inference` makes it.

        trained = gc.load_run("runs/digits").inference()
        forward = jax.jit(trained.model.module().forward)
        logits = forward(trained.params, trained.statistics, {"image": images})

    Attributes:
        model: the program, with its source and its module.
        params: its parameters, as nested dicts of arrays.
        statistics: the running statistics of the norms that could not be folded.
    """

    model: Model
    params: dict[str, Any]
    statistics: dict[str, Any]


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
        spec = Source("<graph>", _text(spec, sections))
    device = device or default_device()
    compiled = compiler.compile(_given(spec), settings, without, device, python, inference)
    return Model(compiled)


def check(
    spec: str | Path | Source, settings: Iterable[str] = (), *, python: bool = True
) -> compiler.Checked:
    """Check a spec without compiling it; raises SpecError with every problem.

    Args:
        spec: a path or a Source.
        settings: `path=value` overrides, as with `--set`.
        python: whether `python` steps are allowed; their code is never run by a check.

    Example:
        >>> check("specs/mnist_lenet5").networks[""].output_type.shape
        (10,)
    """
    return compiler.check(_given(spec), settings, python=python)


def _given(spec: str | Path | Source) -> str | Source:
    return spec if isinstance(spec, Source) else named(str(spec))


def load(spec: str | Path | Source) -> FrozenGraph:
    """The graph of a spec file with a single network (or of its trained one).

    Example:
        >>> [node.name for node in load("specs/digits_mlp").nodes]
        ['flatten', 'dense', 'dense_2', 'dense_3']
    """
    checked = check(spec)
    name = checked.plan.network if checked.plan is not None else next(iter(checked.networks))
    return checked.networks[name]


def dump(graph: Graph | FrozenGraph, path: str | Path | None = None, **sections: object) -> str:
    """The text of a spec for a graph, written to `path` if that is given.

    Args:
        sections: further sections as plain data, such as `data` and `train`.

    Example:
        >>> g = Graph(x=(4,))
        >>> g.output(g.tanh(g.dense("x", 3), name="y"))
        >>> print(dump(g), end="")
        graphc: 1
        network:
          inputs: {x: [4]}
          nodes: {dense: {dense: 3, from: x}, y: {tanh: {}, from: dense}}
          output: y
    """
    text = _text(graph, sections)
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def load_run(path: str | Path) -> Run:
    """A run that `train` wrote; raises RunError where there is none.

    Example:
        >>> load_run("nowhere")
        Traceback (most recent call last):
            ...
        graphc.core.diagnostic.RunError: error[GC606]: `...nowhere` is no directory
         = help: name the directory that `graphc train` wrote
    """
    from graphc.runtime.rundir import RunDirectory

    return Run(RunDirectory.open(path))


def default_device() -> str:
    """cpu, gpu or tpu: where jax would run."""
    import jax

    backend = jax.default_backend()
    return backend if backend in ("gpu", "tpu") else "cpu"


def _text(graph: Builder | FrozenGraph, sections: Mapping[str, object]) -> str:
    frozen = graph.graph if isinstance(graph, Builder) else graph
    return dump_networks({"": frozen}, sections)


def _settings(compiled: compiler.Compiled, examples: int) -> Settings:
    from graphc.runtime.settings import Settings

    training, plan = compiled.checked.document.training, compiled.checked.plan
    assert training is not None and plan is not None
    monitor, maximize = watched(training, plan.objectives[0])
    stopping = training.early_stopping
    return Settings(
        epochs=training.epochs,
        batch_size=training.rows(examples),
        seed=training.seed,
        steps_per_dispatch=compiled.choices.steps_per_dispatch,
        monitor=monitor,
        maximize=maximize,
        keep=training.keep,
        patience=stopping.patience if stopping else None,
        minimum_change=stopping.minimum_change if stopping else 0.0,
    )


def _blueprint(compiled: compiler.Compiled) -> Blueprint:
    from graphc.runtime.rundir import Blueprint

    checked = compiled.checked
    looked_up = compiled.choices.as_dict()
    choices = {word: looked_up[word] for word in TRAINING_CHOICES if word in looked_up}
    lines = {
        line: (path, span.source.name, span.line, span.column, span.end_column)
        for line, (path, span) in compiled.emitted.lines.items()
    }
    return Blueprint(
        checked.name,
        resolved(checked.document, choices),
        compiled.source,
        compiled.weights,
        lines,
        compiled.choices.as_dict(),
        str(Path(checked.document.folder).absolute()),
        {name: path.read_bytes() for name, path in checked.user_code.files},
    )


def _free_directory(name: str, resume: bool) -> Path:
    """runs/NAME, or the first of runs/NAME-2, ... that is free; to resume, the last one there."""
    path, count = Path(RUNS) / name, 1
    while (path / "model.json").exists() or (path / "fold-0").exists():
        following = Path(RUNS) / f"{name}-{count + 1}"
        if resume and not following.exists():
            break
        path, count = following, count + 1
    return path
