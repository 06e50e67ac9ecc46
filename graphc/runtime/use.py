"""A trained run put to use: its weights evaluated on a split, or applied to new data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, listing
from graphc.core.types import (
    ENDS,
    NODES,
    RECEIVERS,
    SENDERS,
    Type,
    edges_axis,
    lengths_over,
    nodes_axis,
)
from graphc.data.dataset import Dataset, Form
from graphc.data.edge_values import Differ, over_edges, padded, values_of_edges
from graphc.data.examples import require_finite, require_integers
from graphc.data.graphs import alike, both_ways, one_way
from graphc.data.lengths import by_lengths, filled, lengths_of, together, words_of
from graphc.runtime.checkpoint import Checkpoint
from graphc.runtime.course import measured
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import evaluate_batches, evaluated, predict_batches
from graphc.runtime.graphs import graphs_apart, pairs_given
from graphc.runtime.keeper import load_best, load_last
from graphc.runtime.module import import_module, require_training
from graphc.runtime.other_graphs import left_out, require_directed
from graphc.runtime.pairs import asked
from graphc.runtime.restore import restore_state
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.settings import Settings
from graphc.runtime.state import State, state_shapes
from graphc.runtime.steps import Programs

Warn = Callable[[Diagnostic], None]


def trained(run: RunDirectory, warn: Warn) -> tuple[Programs, dict[str, Any]]:
    """The compiled programs, and what evaluation reads of a state.

    Its `params` are the weights that the run is judged by: where it keeps a moving average, that.
    """
    module = require_training(import_module(run.model, run.blueprint.files))
    programs = Programs(module, 1, Settings.from_dict(run.settings).drawn_nodes)
    return programs, trained_state(run, state_shapes(module), warn)


def trained_state(run: RunDirectory, template: State, warn: Warn) -> dict[str, Any]:
    """What evaluation reads of the state of a run, as `trained` gives it."""
    wanted = evaluated(template)
    state = restore_state(chosen_checkpoint(run, warn), wanted, run.blueprint.weights, run.path)
    return state | {"params": state.get("average", state.get("params"))}


def chosen_checkpoint(run: RunDirectory, warn: Warn) -> Checkpoint:
    """The best intact checkpoint of a run with early stopping, otherwise the newest.

    Raises:
        RunError: GC602 where there is none.
    """
    if run.settings.get("patience") is not None:
        found = load_best(run.checkpoints, run.settings["maximize"], warn)
    else:
        found = load_last(run.checkpoints, warn)
    if found is None:
        help = "let it train until the first checkpoint is written"
        raise fail("GC602", f"the run in `{run.path}` has no checkpoint yet", help)
    return found


def evaluate_run(run: RunDirectory, dataset: Dataset, split: str, warn: Warn) -> dict[str, Any]:
    """The loss and each metric over a split.

    Raises:
        RunError: GC613 for a split that the data does not have, GC602 and GC603 for checkpoints.
    """
    require_split(dataset, split)
    programs, state = trained(run, warn)
    settings = Settings.from_dict(run.settings)
    return evaluate_batches(programs, state, measured(dataset, split, settings))


def require_split(dataset: Dataset, split: str) -> None:
    """Raise RunError GC613 for a split that the data does not have."""
    if not dataset.splits.get(split):
        help = f"its splits are {listing(dataset.splits)}"
        raise fail("GC613", f"the data has no split `{split}`", help)


def predict_run(
    run: RunDirectory, form: Form, inputs: np.ndarray | Mapping[str, Any], warn: Warn
) -> Any:
    """The outputs for examples [n, ...], prepared as the training data was.

    Raises:
        RunError: GC614 where the arrays do not have the fields or shapes of the data, GC514 and
            GC515 for numbers that are not finite or out of range.
    """
    arrays = prepared(form, inputs)
    if SENDERS in form.fields and (problem := left_out(inputs, form)):
        warn(problem)
    programs, state = trained(run, warn)
    size = int(run.settings["batch_size"])
    return predict_batches(programs.predict, state["params"], state["statistics"], arrays, size)


def prepared(form: Form, inputs: np.ndarray | Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The fields of examples [n, ...] as the training data was prepared.

    Raises:
        RunError: GC614, GC514 and GC515, as `predict_run`.
    """
    wanted = form.inputs
    if not isinstance(inputs, Mapping):
        if len(wanted) != 1:
            raise fail("GC614", "one array, and the data has several fields", listing(wanted))
        inputs = {next(iter(wanted)): inputs}
    inputs = _together(graphs_apart(inputs, form), wanted)
    arrays = {}
    for name, kind in wanted.items():
        if name not in inputs:
            raise fail(
                "GC614", f"the field `{name}` is missing", f"its fields are {listing(wanted)}"
            )
        dtype = np.int32 if kind.dtype == "int" else np.float32
        array = _array(name, inputs[name])
        if kind.dtype == "int":
            _require_whole(name, array)
        # As in training, numbers of 64 bits are scaled before they lose their last digits.
        kept = array.dtype if array.dtype == np.float64 and form.scaling.scales(name) else dtype
        array = array.astype(kept, copy=False)
        if nodes_axis(kind) and array.ndim == kind.rank - 1:
            array = array[None]  # a single graph
        steps = len(kind.domain)  # the axis of the examples, and those of steps behind it
        if array.ndim != kind.rank or array.shape[steps:] != kind.shape:
            message = f"`{name}` has shape {list(array.shape[1:])} for each example, not {kind}"
            raise fail("GC614", message, "the first axis is the examples")
        if 0 in array.shape[1:steps] and not edges_axis(kind):
            what, points = words_of(lengths_of(kind) or "")
            raise fail("GC614", f"`{name}` holds {what}s without a {points[:-1]}", None)
        if steps > 1 and array.shape[1] > (most := form.at_most.get(name, array.shape[1])):
            message = f"`{name}` holds sequences of {array.shape[1]} steps, and the network takes"
            raise fail("GC614", f"{message} at most {most}", "cut what is longer")
        arrays[name] = array
    for word, names in by_lengths(wanted).items():
        if word in inputs:
            arrays = _ended(arrays, word, inputs[word], names)
    if len({len(array) for array in arrays.values()}) > 1:
        raise fail("GC614", "the fields hold different numbers of examples", None)
    if SENDERS in form.fields:
        require_directed(inputs.get("directed"), form)
        given = {name: inputs[name] for name in (SENDERS, RECEIVERS) if name in inputs}
        arrays |= given or _edges(inputs.get("edges"), arrays, form)
    if ENDS in form.fields:
        arrays |= asked(inputs.get("pairs"), arrays, form)
    arrays = form.scaling.apply(arrays)
    for name, kind in wanted.items():
        if kind.dtype == "int":
            require_integers(f"`{name}`", arrays[name], kind.below)
        else:
            require_finite(f"`{name}`", arrays[name])
    return arrays


def _edges(given: Any, arrays: Mapping[str, np.ndarray], form: Form) -> dict[str, np.ndarray]:
    """The edges of graphs, of pairs of nodes [2, any] for each of them, or once for all.

    They lead both ways, unless those of the training led one way. Without them examples of a series
    are over the graph of the training.
    """
    wanted, ways = form.inputs, one_way if form.directed else both_ways
    name = next(name for name, kind in wanted.items() if nodes_axis(kind))
    count, place = len(arrays[name]), wanted[name].domain.index(NODES)
    nodes = arrays[name].shape[place]
    if given is None and form.nodes:
        _require_nodes(name, nodes, len(form.nodes))
        given, ways = form.edges, one_way
    if given is None:
        help = "`edges` holds the numbers of the nodes that each edge joins, [2, edges]"
        raise fail("GC614", "the edges of the graph are missing", help)
    sizes = arrays.get(lengths_over(NODES.name), np.full(count, nodes))
    pairs = pairs_given(given, sizes)
    several = [ways(each)[0] for each in pairs]
    edges = alike(several, nodes)
    held = {name: _held(name, arrays[name], several, pairs, form) for name in over_edges(wanted)}
    return {SENDERS: edges[:, 0], RECEIVERS: edges[:, 1], **held}


def _held(
    name: str,
    values: np.ndarray,
    several: Sequence[np.ndarray],
    pairs: Sequence[np.ndarray],
    form: Form,
) -> np.ndarray:
    """What edges hold, a value for each pair as it was given, in the order of the edges."""
    most = max(each.shape[1] for each in pairs)
    if values.shape[1] != most:
        message = f"`{name}` holds {values.shape[1]} values, and `edges` {most} edges"
        raise fail("GC614", message, "give a value for each edge, in their order")
    try:
        return padded(
            [
                values_of_edges(edges, own, each[: own.shape[1]], directed=form.directed)
                for edges, own, each in zip(several, pairs, values, strict=True)
            ]
        )
    except Differ as error:
        places, (one, other) = sorted(error.lines), error.values
        message = f"`{name}` is {other:g} and {one:g} for the edges {places[0]} and {places[1]}"
        raise fail("GC614", f"{message}, which are the same", "give an edge one value") from None


def _require_nodes(name: str, nodes: int, trained: int) -> None:
    """Raise RunError GC614 where examples are not over the graph of the training."""
    if nodes != trained:
        message = f"`{name}` has {nodes} nodes, and the graph of the training has {trained}"
        raise fail("GC614", message, "for another graph, give its `edges`, [2, edges]")


def _require_whole(name: str, array: np.ndarray) -> None:
    """Raise RunError GC515 for what int32 would cut off."""
    if array.dtype.kind not in "iuf":
        return
    bounds = np.iinfo(np.int32)
    whole = (array == np.floor(array)) & (array >= bounds.min) & (array <= bounds.max)
    if not whole.all():
        found = array[~whole].flat[0]
        help = "give whole numbers, as in the data"
        raise fail("GC515", f"`{name}` holds {found}, which is no integer of 32 bits", help)


def _array(name: str, given: Any) -> np.ndarray:
    try:
        found = np.asarray(given)
    except ValueError:
        message = f"the examples of `{name}` have different numbers of values"
        raise fail("GC614", message, "give each as many") from None
    if found.dtype.kind not in "biuf":
        raise fail("GC614", f"`{name}` holds {found.dtype}, and no numbers", None)
    return found


def _together(inputs: Mapping[str, Any], wanted: Mapping[str, Type]) -> dict[str, Any]:
    """The inputs with lists of sequences as arrays, padded, beside their lengths."""
    found = dict(inputs)
    for name, kind in wanted.items():
        word = lengths_of(kind)
        if name not in inputs or isinstance(inputs[name], np.ndarray) or word is None:
            continue
        try:
            found[name], lengths = together(inputs[name])
        except (TypeError, ValueError) as error:
            what, points = words_of(word)
            message = f"`{name}` is no list of {what}s: {error}"
            help = f"give an array [{points}, ...] for each example"
            raise fail("GC614", message, help) from None
        if not np.array_equal(found.setdefault(word, lengths), lengths):
            raise fail("GC614", f"the {words_of(word)[0]}s of `{name}` have other lengths", None)
    return found


def _ended(
    arrays: Mapping[str, np.ndarray], word: str, given: Any, names: Iterable[str]
) -> dict[str, np.ndarray]:
    """The arrays with ordinary numbers behind the end of each sequence, and the lengths."""
    lengths = np.asarray(given)
    found = {**arrays, word: lengths.astype(np.int32)}
    for name in names:
        count, steps = arrays[name].shape[:2]
        if lengths.shape != (count,) or lengths.min() < 1 or lengths.max() > steps:
            message = f"`{word}` must hold {count} numbers from 1 to {steps}, as `{name}` has"
            raise fail("GC614", message, "the length of an example is the number of its steps")
        found[name] = filled(arrays[name], lengths)
    return found
