"""A trained run put to use: its weights evaluated on a split, or applied to new data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, listing
from graphc.data.dataset import Dataset, Form
from graphc.data.examples import require_finite, require_integers
from graphc.runtime.checkpoint import Checkpoint
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import Batches, evaluate_batches, evaluated, predict_batches
from graphc.runtime.keeper import load_best, load_last
from graphc.runtime.module import import_module, require_training
from graphc.runtime.restore import restore_state
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import Programs

Warn = Callable[[Diagnostic], None]


def trained(run: RunDirectory, warn: Warn) -> tuple[Programs, dict[str, Any]]:
    """The compiled programs, and what evaluation reads of a state.

    Its `params` are the weights that the run is judged by: where it keeps a moving average, that.
    """
    module = require_training(import_module(run.model, run.blueprint.files))
    template = state_shapes(module)
    wanted = evaluated(template)
    state = restore_state(chosen_checkpoint(run, warn), wanted, run.blueprint.weights, run.path)
    return Programs(module, 1), state | {"params": state.get("average", state.get("params"))}


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
    if not dataset.splits.get(split):
        help = f"its splits are {listing(dataset.splits)}"
        raise fail("GC613", f"the data has no split `{split}`", help)
    programs, state = trained(run, warn)
    size = int(run.settings["batch_size"])
    return evaluate_batches(programs, state, Batches(dataset.splits[split], size))


def predict_run(
    run: RunDirectory, form: Form, inputs: np.ndarray | Mapping[str, Any], warn: Warn
) -> Any:
    """The outputs for examples [n, ...], prepared as the training data was.

    Raises:
        RunError: GC614 where the arrays do not have the fields or shapes of the data, GC514 and
            GC515 for numbers that are not finite or out of range.
    """
    arrays = _arrays(form, inputs)
    programs, state = trained(run, warn)
    size = int(run.settings["batch_size"])
    return predict_batches(programs, state["params"], state["statistics"], arrays, size)


def _arrays(form: Form, inputs: np.ndarray | Mapping[str, Any]) -> dict[str, np.ndarray]:
    wanted = {name: kind for name, kind in form.fields.items() if name != form.target}
    if not isinstance(inputs, Mapping):
        if len(wanted) != 1:
            raise fail("GC614", "one array, and the data has several fields", listing(wanted))
        inputs = {next(iter(wanted)): inputs}
    arrays = {}
    for name, kind in wanted.items():
        if name not in inputs:
            raise fail(
                "GC614", f"the field `{name}` is missing", f"its fields are {listing(wanted)}"
            )
        dtype = np.int32 if kind.dtype == "int" else np.float32
        array = np.asarray(inputs[name])
        # As in training, numbers of 64 bits are scaled before they lose their last digits.
        kept = array.dtype if array.dtype == np.float64 and name in form.scaling.moments else dtype
        array = array.astype(kept, copy=False)
        steps = len(kind.domain)  # the axis of the examples, and those of steps behind it
        if array.ndim != steps + len(kind.shape) or array.shape[steps:] != kind.shape:
            message = f"`{name}` has shape {list(array.shape[1:])} for each example, not {kind}"
            raise fail("GC614", message, "the first axis is the examples")
        if 0 in array.shape[1:steps]:
            raise fail("GC614", f"`{name}` holds sequences without a step", None)
        arrays[name] = array
    if len({len(array) for array in arrays.values()}) > 1:
        raise fail("GC614", "the fields hold different numbers of examples", None)
    arrays = form.scaling.apply(arrays)
    for name, kind in wanted.items():
        if kind.dtype == "int":
            require_integers(f"`{name}`", arrays[name], kind.below)
        else:
            require_finite(f"`{name}`", arrays[name])
    return arrays
