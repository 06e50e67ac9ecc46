"""`report.html` of a run, and the examples that it gets most wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from graphc.checker import Checked
from graphc.core.types import ENDS
from graphc.data.dataset import Arrays, Dataset
from graphc.data.graph_picture import graph_picture, is_one_graph
from graphc.data.lengths import lengths_of
from graphc.data.links import is_of_links, pairs_in
from graphc.data.png import data_uri, is_image
from graphc.data.scaling import range_of
from graphc.insight.report.report import WorstError, report_page
from graphc.plan.plan import Term
from graphc.runtime.evaluation import Batches, predict_batches
from graphc.runtime.files import write_text
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.sampling import last_pictures
from graphc.runtime.steps import Programs
from graphc.runtime.use import Warn, trained

NAME = "report.html"
_WORST = 24
_VALUES = 8


def write_report(run: RunDirectory, checked: Checked, dataset: Dataset, warn: Warn) -> None:
    """Put `report.html` into the directory of a run that has ended.

    Raises:
        RunError: GC604 or GC608 where it cannot be written.
    """
    result = json.loads((run.path / "result.json").read_text())
    split = next((each for each in ("test", "validation") if dataset.count(each)), "")
    parts: dict[str, Any] = {}
    if split and not checked.players:
        network = Network(run, checked, warn)
        parts["worst"] = worst_errors(network, dataset, split)
        measured = result.get(split, {}).get("confusion_matrix")
        parts["confusion"] = measured or confusion_matrix(network, dataset, split)
        if is_one_graph(dataset):
            parts["graph"] = picture_of_graph(network, dataset)
    parts["names"] = dataset.class_names
    parts["samples"] = last_pictures(run.path)
    page = report_page(checked, run.blueprint.spec, run.history(), result, split, **parts)
    write_text(run.path / NAME, page)


class Network:
    """A trained network.

    Attributes:
        term: the loss that it was trained on.
    """

    def __init__(self, run: RunDirectory, checked: Checked, warn: Warn) -> None:
        assert checked.plan is not None
        self.programs, self.state = trained(run, warn)
        self.batch_size = int(run.settings["batch_size"])
        self.term = checked.plan.objectives[0].loss
        self._lengths = lengths_of(self.term.target_type) if self.term.target_type else None
        ports = [port for port, _ in checked.networks[checked.plan.network].outputs]
        self._place = None if self.term.output is None else ports.index(self.term.output)

    def outputs(self, arrays: Arrays) -> np.ndarray:
        """What the loss looks at, for each example."""
        state, size = self.state, self.batch_size
        found = predict_batches(
            self.programs.predict, state["params"], state["statistics"], arrays, size
        )
        return found if self._place is None else found[self._place]

    def each_loss(self, arrays: Arrays) -> np.ndarray:
        """The loss of each point of each example."""
        return _losses(self.programs, self.state, arrays, self.batch_size)

    def losses(self, arrays: Arrays) -> np.ndarray:
        """The loss of each example, the mean over its points."""
        each = self.each_loss(arrays)
        if each.ndim > 1 and (there := self._there(arrays, each.shape[1])) is not None:
            there = there.reshape(*there.shape, *[1] * (each.ndim - 2))
            return np.mean(each, axis=tuple(range(1, each.ndim)), where=there)
        return each.reshape(len(each), -1).mean(axis=1)

    def _there(self, arrays: Arrays, points: int) -> np.ndarray | None:
        """The steps of each example that are there, or the nodes that count."""
        if self.term.counted is not None:
            return np.asarray(arrays[self.term.counted])
        if self._lengths not in arrays:
            return None
        return np.arange(points) < np.asarray(arrays[self._lengths])[:, None]


def confusion_matrix(network: Network, dataset: Dataset, split: str) -> list[list[int]] | None:
    """Counts of classes that were right (rows) and guessed, where an example has one class."""
    from sklearn.metrics import confusion_matrix as counted

    arrays, kind = dataset.splits[split], dataset.fields[network.term.target]
    if kind.dtype != "int" or kind.shape or not kind.below:
        return None
    outputs, target = network.outputs(arrays), arrays[network.term.target]
    if network.term.counted is not None:
        there = arrays[network.term.counted]
        outputs, target = outputs[there], target[there]
    elif is_of_links(arrays):
        count = pairs_in(arrays)
        outputs, target = outputs[0, :count], target[0, :count]
    guesses = _guesses(outputs, kind.below)
    if guesses is None:
        return None
    return counted(target, guesses, labels=range(kind.below)).tolist()


def picture_of_graph(network: Network, dataset: Dataset) -> str:
    """The graph that a network learnt from, with the classes that it says as colours."""
    kind, arrays = dataset.fields[network.term.target], dataset.splits["train"]
    classes = kind.dtype != "float" and not kind.shape and network.term.target == dataset.target
    guesses = _guesses(network.outputs(arrays)[0], kind.below or 2) if classes else None
    return graph_picture(dataset, guesses)


def _guesses(scores: np.ndarray, classes: int) -> np.ndarray | None:
    """The class that each row of scores says; None where they are no scores of classes."""
    scores = scores.reshape(len(scores), -1)
    if scores.shape[1] not in (classes, 1):
        return None
    return (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)


def worst_errors(network: Network, dataset: Dataset, split: str) -> list[WorstError]:
    """The examples, nodes or pairs of a split with the highest loss, the highest first."""
    arrays = dataset.splits[split]
    if network.term.counted is not None:
        return _worst_nodes(network, dataset, arrays)
    if is_of_links(arrays):
        return _worst_pairs(network, dataset, arrays)
    losses = network.losses(arrays)
    chosen = _worst(losses)
    few = {name: array[chosen] for name, array in arrays.items()}
    outputs = network.outputs(few)
    show = Shown(dataset, network.term, arrays)
    return [
        show.error(int(row), float(losses[row]), {name: few[name][i] for name in few}, outputs[i])
        for i, row in enumerate(chosen)
    ]


def _worst_nodes(network: Network, dataset: Dataset, arrays: Arrays) -> list[WorstError]:
    """The same for the nodes that count, of the graph that all examples are."""
    term = network.term
    (losses,), (outputs,) = network.each_loss(arrays), network.outputs(arrays)
    (nodes,) = np.nonzero(arrays[str(term.counted)][0])
    chosen = nodes[_worst(losses[nodes])]
    names = (*dataset.inputs, term.target)
    show = Shown(dataset, term, arrays)
    return [
        show.error(
            int(node),
            float(losses[node]),
            {name: arrays[name][0][node] for name in names},
            outputs[node],
        )
        for node in chosen
    ]


def _worst_pairs(network: Network, dataset: Dataset, arrays: Arrays) -> list[WorstError]:
    """The same for the pairs of nodes that are asked for."""
    term = network.term
    (losses,), (outputs,) = network.each_loss(arrays), network.outputs(arrays)
    show = Shown(dataset, term, arrays)
    found = []
    for pair in _worst(losses[: pairs_in(arrays)]):
        answers = show.answers(arrays[term.target][0][pair], outputs[pair])
        nodes = "nodes {} and {}".format(*arrays[ENDS][0][pair])
        found.append(WorstError(int(pair), float(losses[pair]), *answers, "", nodes))
    return found


def _worst(losses: np.ndarray) -> np.ndarray:
    """The places of the highest losses; NaN is the worst of all."""
    return np.argsort(np.where(np.isnan(losses), np.inf, losses), kind="stable")[::-1][:_WORST]


def _losses(programs: Programs, state: Any, arrays: Arrays, size: int) -> np.ndarray:
    """The loss of each point of each example."""
    module = programs.module
    if programs.nodes is not None:
        outputs = predict_batches(
            programs.predict, state["params"], state["statistics"], arrays, size
        )
        return np.asarray(jax.jit(module.losses)(outputs, arrays), np.float64)

    @jax.jit
    def of_batch(params: Any, statistics: Any, batch: Any) -> Any:
        outputs, _ = module.forward(params, statistics, batch)
        return module.losses(outputs, batch)

    found = [
        np.asarray(of_batch(state["params"], state["statistics"], batch), np.float64)
        for batch in Batches(arrays, size)
    ]
    return np.concatenate(found)[: len(next(iter(arrays.values())))]


class Shown:
    """Says in words and pictures what an example is."""

    def __init__(self, dataset: Dataset, term: Term, arrays: Arrays) -> None:
        self._dataset, self._term = dataset, term
        inputs = [name for name in dataset.inputs if name != term.target]
        images = [name for name in inputs if is_image(dataset.fields[name].shape)]
        self._image = images[0] if images else None
        self._inputs = inputs
        if self._image is not None:
            self._range = range_of(arrays[self._image])[:2]

    def error(self, number: int, loss: float, example: Arrays, output: np.ndarray) -> WorstError:
        target, said, right = self.answers(np.asarray(example[self._term.target]), output)
        picture = data_uri(example[self._image], *self._range) if self._image else ""
        values = "" if picture else self._values(example)
        return WorstError(number, loss, target, said, right, picture, values)

    def answers(self, target: np.ndarray, output: np.ndarray) -> tuple[str, str, bool | None]:
        """What is right, what the network says, and whether that is right."""
        if target.ndim == 0 and target.dtype.kind in "iub" and np.ndim(output) <= 1:
            return self._choice(int(target), np.ravel(output))
        if max(target.size, np.size(output)) > _VALUES:
            return "", "", None
        if target.dtype.kind == "b":
            said = np.ravel(output) > 0
            right = bool((said == target.ravel()).all())
            return f"is {_numbers(target)}", f"says {_numbers(said)}", right
        said = _MEANS[self._term.measure.mean](np.asarray(output, np.float64))
        return f"is {_numbers(target)}", f"says {_numbers(said)}", None

    def _choice(self, target: int, scores: np.ndarray) -> tuple[str, str, bool]:
        """One class of several; a single score is that of yes, and no has 0."""
        scores = np.insert(scores, 0, 0) if len(scores) == 1 else scores
        says = int(np.argmax(scores))
        sure = "" if self._term.measure.mean is None else f" ({_softmax(scores)[says]:.0%})"
        right = says == target
        return f"is {self._class(target)}", f"says {self._class(says)}{sure}", right

    def _class(self, number: int) -> str:
        names = self._dataset.class_names
        return names[number] if names is not None and number < len(names) else str(number)

    def _values(self, example: Arrays) -> str:
        """The inputs as the data has them: what was scaled is so no longer."""
        scaling, columns = self._dataset.scaling, self._dataset.columns
        values = {name: scaling.restored(name, self._steps(name, example)) for name in self._inputs}
        found = []
        if columns is not None and columns.numbers and "features" in values:
            features = np.moveaxis(values.pop("features"), -1, 0)  # a column may have many steps
            named = zip(columns.numbers[:_VALUES], features, strict=False)
            found = [f"{name} {_numbers(value, digits=6)}" for name, value in named]
            values = {"": features[len(columns.numbers) :], **values}
        if len(values) == 1 and not found:
            return _numbers(*values.values())
        found += [f"{name} {_numbers(each)}".strip() for name, each in values.items() if each.size]
        return ", ".join(found)

    def _steps(self, name: str, example: Arrays) -> np.ndarray:
        """A field of an example, without what stands behind its last step."""
        lengths = lengths_of(self._dataset.fields[name])
        return example[name] if lengths is None else example[name][: int(example[lengths])]


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


_MEANS: Mapping[str | None, Callable[[np.ndarray], np.ndarray]] = {
    None: np.asarray,
    "softmax": _softmax,
    "sigmoid": lambda scores: 0.5 * (1 + np.tanh(scores / 2)),
    "exp": np.exp,
}


def _numbers(array: np.ndarray, digits: int = 4) -> str:
    flat = np.asarray(array).ravel()
    more = " ..." if flat.size > _VALUES else ""
    return " ".join(f"{value:.{digits}g}" for value in flat[:_VALUES].tolist()) + more
