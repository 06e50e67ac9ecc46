"""Runs on the disk: judged, used, exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from graphc.checker import Checked, check
from graphc.core.diagnostic import Diagnostic, SpecError, listing
from graphc.core.span import Source
from graphc.core.types import time_axes
from graphc.graph.stepping import obstacles

if TYPE_CHECKING:
    import numpy as np

    from graphc.api.model import Model
    from graphc.core.types import Type
    from graphc.data.dataset import Dataset, Form
    from graphc.data.vocabulary import Vocabulary
    from graphc.runtime.export import Call
    from graphc.runtime.generation import Weights
    from graphc.runtime.rundir import RunDirectory

FORMATS = ("stablehlo", "onnx", "safetensors")
"""What a network can be exported as."""


class Run:
    """A run on the disk.

    Attributes:
        path: its directory.
        result: what came out: the loss and the metrics of each split, times and counts.

    Example:
        >>> model = gc.compile("specs/digits_logistic", ["train.epochs=2"])
        >>> run = model.train("a_run")
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
        return Source(name, blueprint.spec, blueprint.folder, str(self.path))

    def dataset(self) -> Dataset:
        """Its data, scaled as it was for the run."""
        import jax

        from graphc.data.load import load
        from graphc.runtime.device import device_memory

        document = self.document()
        assert document.data is not None
        form, place = self._directory.form(), document.place("data")
        dataset = load(document.data, document.folder, place, form, device_memory())
        dataset = replace(dataset, device=jax.default_backend())
        return dataset if form is None else replace(dataset, sparse=form.sparse)

    def form(self) -> Form:
        """What examples must be like and how they are prepared; the data itself is not read."""
        return self._directory.form() or self.dataset()

    def evaluate(self, split: str = "test") -> dict[str, Any]:
        """The loss and the metrics over a split, with the weights it ended with.

        A confusion matrix is a list of rows, everything else a number.
        """
        from graphc.runtime.use import evaluate_run

        return evaluate_run(self._directory, self.dataset(), split, self._warn)

    def predict(
        self, inputs: np.ndarray | Mapping[str, np.ndarray], network: str | None = None
    ) -> Any:
        """The outputs for examples [n, ...]: an array, or a tuple of them for several outputs.

        Args:
            inputs: raw values as in the data set, one array or one for each field; they are scaled
                as the training data was, with numbers that the run keeps. `{"pairs": ends}` alone,
                [pairs, 2], asks a run that learnt links for scores in the graph it learnt from.
            network: which one, of a run on several objectives. Of its inputs those are scaled that
                are called as fields of the data; noise is taken as it is.

        Raises:
            RunError: GC614 for inputs that do not fit, GC633 where it is not clear which network.
        """
        own = self._network(network)
        if own is not None:
            return self._predict_of(own, inputs)
        from graphc.runtime.pairs import on_own_graph
        from graphc.runtime.use import predict_run

        form = self.form()
        inputs = on_own_graph(inputs, form, self.dataset)
        return predict_run(self._directory, form, inputs, self._warn)

    def samples(
        self, name: str, count: int = 64, seed: int = 0, split: str | None = None
    ) -> np.ndarray:
        """A value of `train.values`, drawn anew: [count, ...], in evaluation mode.

            fakes = gc.load_run("runs/mnist_gan").samples("fake", 10_000)

        Args:
            name: of the value.
            count: of how many examples. What reads fields of the data goes through those of the
                split in their order, and from the first on again.
            seed: of the draws: the same seed gives the same numbers.
            split: default: test, or without one validation, or train.

        Raises:
            RunError: GC634 where there is no such value, GC613 where there is no such split.
        """
        from graphc.runtime.blueprint import samples_of
        from graphc.runtime.sampling import Drawing, require_value

        require_value(name, self.document().training, self.path)
        own = self._evaluated((f"train.samples={{{name}: 1}}",))
        weights = {"params": own.params, "statistics": own.statistics}
        size = samples_of(own.model.compiled)[name] and int(self._directory.settings["batch_size"])
        drawing = Drawing(name, own.model.module().samples, weights, size)
        return drawing.draw(self.dataset(), count, seed, split)

    def _predict_of(self, network: str, inputs: np.ndarray | Mapping[str, np.ndarray]) -> Any:
        """What one network of several gives."""
        from graphc.runtime.networks import form_of, predict_of

        own = self.inference(network)
        form = form_of(self.form(), dict(own.model.compiled.checked.networks[network].inputs))
        weights, size = (own.params, own.statistics), int(self._directory.settings["batch_size"])
        return predict_of(own.model.module(), weights, form, inputs, size)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of a run on several objectives; none of a run on one loss."""
        document = self.document()
        several = document.training is not None and document.training.objectives
        return tuple(sorted(document.library.networks)) if several else ()

    def _network(self, name: str | None) -> str | None:
        """Which network is meant; None of a run on one loss. Raises RunError GC633."""
        from graphc.runtime.networks import which

        return which(name, self.networks, self.path)

    def graph_picture(self) -> str:
        """The graph that it learnt from as SVG, coloured by the classes that it says.

        Nodes that it learnt from are squares, and those that it takes for another class have a
        ring. Of a graph with many nodes it is the part around the first one that it learnt from.

        Raises:
            RunError: GC629 where it did not learn from one graph.
        """
        from graphc.data.graph_picture import require_one_graph
        from graphc.runtime.report import Network, picture_of_graph

        dataset = self.dataset()
        require_one_graph(dataset)
        checked = check(self.document().source, python=str(self._directory.path))
        return picture_of_graph(Network(self._directory, checked, self._warn), dataset)

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = 500,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        network: str | None = None,
    ) -> str:
        """What a network that learnt texts goes on with behind a prompt.

        Args:
            prompt: a text; one that is empty stands for the beginning of a line.
            length: how many symbols: characters, bytes or words, as the run learnt.
            temperature: below 1, likely symbols become likelier; 0 takes the likeliest.
            top_k: draw among so many symbols, the likeliest ones.
            seed: of the draws: the same seed gives the same text.
            network: which one, of a run on several objectives.

        Raises:
            RunError: GC631 for a prompt with symbols that training never saw, GC632 where the run
                did not learn to go on with a text, GC633 where it is not clear which network.
            SpecError: GC630 where the network does not go step by step.
        """
        options = {"length": length, "temperature": temperature, "top_k": top_k, "seed": seed}
        options |= {"network": network}
        return "".join(self.generated(prompt, **options))  # type: ignore[arg-type]

    def generated(
        self,
        prompt: str = "",
        *,
        length: int = 500,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        network: str | None = None,
    ) -> Iterator[str]:
        """The text of `generate` in pieces, as they are drawn."""
        from graphc.runtime.generation import Sampling, Stepping

        sampling = Sampling(temperature, top_k, seed)
        vocabulary = self.vocabulary
        numbers = vocabulary.begun(prompt)
        own = self._network(network)
        field = vocabulary.source.followed if own is None else self._symbols(own)
        module, weights = self._stepping() if own is None else self._stepping_of(own)
        stepping = Stepping(module, field, vocabulary.drawn)
        decode = vocabulary.decoder(prompt)
        for piece in stepping.continued(weights, numbers, length, sampling):
            yield decode(piece.tolist())

    @property
    def vocabulary(self) -> Vocabulary:
        """The symbols of the text that the run learnt; raises RunError GC632 where it is none."""
        from graphc.data.vocabulary import Vocabulary
        from graphc.ops.sources import TextSource
        from graphc.runtime.errors import fail

        source, names = self.document().data, self.form().class_names
        if not isinstance(source, TextSource) or names is None:
            learnt = f"`{source.name}`" if source is not None else "no data"
            message = f"this run learnt from {learnt}, and what goes on is a text"
            raise fail("GC632", message, "train one on `text`, `help_topics` or `shakespeare`")
        return Vocabulary(source, names)

    def _stepping(self) -> tuple[ModuleType, Weights]:
        """A module that goes step by step, with its weights; SpecError GC630 where none can."""
        from graphc.runtime.use import trained

        programs, state = trained(self._directory, self._warn)
        if hasattr(programs.module, "step"):
            return programs.module, (state["params"], state["statistics"])
        compiled = self.inference()  # the run's own module may be one of an earlier graphc
        place = compiled.model.compiled.checked.document.place("network")
        if problems := obstacles(compiled.model.graph, place):
            raise SpecError(problems)
        return compiled.model.module(), (compiled.params, compiled.statistics)

    def _stepping_of(self, network: str) -> tuple[ModuleType, Weights]:
        """The same of one network of several; RunError GC632 where it calls others."""
        from graphc.runtime.errors import fail

        own = self.inference(network)
        checked, module = own.model.compiled.checked, own.model.module()
        if problems := obstacles(checked.networks[network], checked.document.place("networks")):
            raise SpecError(problems)
        if not hasattr(module, "step"):
            message = f"`{network}` calls other networks, which go on with no text"
            raise fail("GC632", message, "make blocks of what it calls")
        return module, (own.params, own.statistics)

    def _symbols(self, network: str) -> str:
        """The input of a network that symbols are for; RunError GC632 where it is not one."""
        from graphc.runtime.errors import fail

        inputs = check(self.document().source, python=str(self.path)).networks[network].inputs
        if len(inputs) == 1 and inputs[0][1].dtype == "int" and time_axes(inputs[0][1]):
            return inputs[0][0]
        given = listing([f"{name}: {kind}" for name, kind in inputs])
        message = f"`{network}` reads {given}, and what goes on with a text reads its symbols alone"
        raise fail("GC632", message, "name a network with one input `{int: [time], below: data}`")

    def weights(self) -> dict[str, np.ndarray]:
        """The weights it ended with, and the statistics of norms, by their paths in the spec.

        Example:
            >>> run = gc.compile("specs/iris_mlp", ["train.epochs=1"]).train("a_run")
            >>> sorted(run.weights())
            ['dense/bias', 'dense/kernel', 'dense_2/bias', 'dense_2/kernel']

        Raises:
            RunError: GC602 where its checkpoints cannot be read, GC625 where it has not ended.
        """
        from graphc.runtime.export import require_finished, weights

        require_finished(self._directory)
        return weights(self._directory, self._warn)

    @property
    def name(self) -> str:
        """That of its spec."""
        return self._directory.blueprint.name

    def export(
        self,
        form: str = "stablehlo",
        batch_size: int | None = None,
        network: str | None = None,
    ) -> bytes:
        """The network as a file for programs that know nothing of graphc.

            program = jax.export.deserialize(bytearray(run.export()))
            logits = program.call(images)

        Args:
            form: `stablehlo`, a program with the weights in it that `jax.export` loads; `onnx`, one
                for onnxruntime and others; or `safetensors`, the weights by their paths in the
                spec.
            batch_size: how many examples the program takes at a time; None for any number.
            network: which one, of a run on several objectives; the weights are those of all.

        Raises:
            RunError: GC633 where it is not clear which network, GC625 where the run has not ended,
                GC623 where a package is missing, GC626 where the network cannot take any number of
                examples, GC628 where it has no form in
                ONNX.
        """
        from graphc.runtime.export import require_finished, safetensors, stablehlo

        require_finished(self._directory)
        if form == "safetensors":
            return safetensors(self._directory, self._warn)
        if form not in FORMATS:
            raise ValueError(f"the forms of an export are {listing(FORMATS)}, not {form!r}")
        call, dataset, ports = self._exported(network)
        if form == "stablehlo":
            return stablehlo(call, dataset, batch_size)
        from graphc.runtime.onnx import onnx

        return onnx(call, dataset, batch_size, self.name, ports)

    @property
    def outputs(self) -> dict[str, Type]:
        """What the network gives, by name: `output` where that is one value."""
        checked = check(self.document().source, python=str(self._directory.path))
        assert checked.plan is not None
        graph = checked.networks[checked.plan.network]
        found = {port: graph.types[value] for port, value in graph.outputs}
        return found if len(found) > 1 else {"output": next(iter(found.values()))}

    def _call(self) -> Call:
        """What gives the outputs for a batch of prepared values."""
        from graphc.runtime.export import network

        return network(self._directory, self._warn)

    def _exported(self, name: str | None) -> tuple[Call, Dataset, tuple[str, ...]]:
        """What gives the outputs for a batch of prepared values, what that is like, and ports."""
        from graphc.runtime.networks import call_of, data_of

        name = self._network(name)
        if name is None:
            return self._call(), self.dataset(), tuple(self.outputs)
        own = self.inference(name)
        graph = own.model.compiled.checked.networks[name]
        weights = own.params, own.statistics
        ports = tuple(port for port, _ in graph.outputs)
        data = data_of(self.dataset(), dict(graph.inputs), name)
        return call_of(own.model.module(), weights), data, ports

    def replay(self) -> Diagnostic:
        """Where the numbers went wrong that the run stopped over.

        Raises:
            RunError: GC624 where it did not stop so.
        """
        from graphc.runtime.again import replay, require_stopped

        require_stopped(self._directory)
        return replay(self._directory, self.dataset(), self._warn)

    def inference(self, network: str | None = None) -> Inference:
        """The network for evaluation alone, with the weights it ended with.

        Its batch norms are folded into the layers before them, which cannot be undone: what this
        gives is never trained on or saved in the run.

        Args:
            network: which one, of a run on several objectives.

        Raises:
            RunError: GC633 where it is not clear which network.
        """
        return self._evaluated(inference=True, network=self._network(network))

    def _evaluated(self, settings: tuple[str, ...] = (), **options: Any) -> Inference:
        """Its spec compiled anew, with the weights it ended with."""
        from graphc import compiler
        from graphc.api.model import Model, default_device
        from graphc.runtime.inference import inference_arrays

        spec = self._spec(f"{self._directory.blueprint.name}.yaml")
        device, code = default_device(), str(self.path)
        made = compiler.compile(spec, settings, device=device, python=code, **options)
        model = Model(made)
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


def load_run(path: str | Path) -> Run:
    """A run that `train` wrote, or an `Ensemble`; raises RunError where there is none.

    Example:
        >>> load_run("nowhere")
        Traceback (most recent call last):
            ...
        graphc.core.diagnostic.RunError: error[GC606]: `...nowhere` is no directory
         = help: name the directory that `graphc train` wrote
    """
    from graphc.runtime.rundir import RunDirectory
    from graphc.runtime.several import kind_of, runs_in

    path = Path(path).absolute()
    several = runs_in(path)
    if several and kind_of(several[0]) == "member":
        from graphc.api.ensemble import Ensemble

        return Ensemble(path)
    return Run(RunDirectory.open(path))


def with_report(path: Path, checked: Checked, dataset: Dataset) -> Run:
    """The run in this directory, which has ended and gets its report."""
    from graphc.runtime.report import write_report

    run = load_run(path)
    write_report(run._directory, checked, dataset, run._warn)
    return run
