"""What can be known of a network before it is trained, as findings with their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax

from graphc.checker import Checked
from graphc.core.diagnostic import Diagnostic
from graphc.data.batches import epoch_order, take
from graphc.data.dataset import Dataset
from graphc.graph.weights import WeightMap
from graphc.runtime.course import training_key
from graphc.runtime.doctor import findings
from graphc.runtime.doctor.activations import Activations, activations
from graphc.runtime.doctor.gradients import Gradient, gradients, mean_loss, mismatches
from graphc.runtime.doctor.loss import expected_loss, measured, overfitted
from graphc.runtime.rundir import Blueprint
from graphc.runtime.state import State, make_state, to_canonical

STEPS = 300
_MANY, _FEW = 256, 32


@dataclass(frozen=True)
class Checkup:
    """What was measured and found.

    Attributes:
        loss: before training; `expected` is what it should be and why, where that is known.
        values: of the nodes, in the order in which they are computed.
        slopes: of the kernels, in the order of the spec.
        before: the loss on one batch, `after` that after `steps` steps on it.
        findings: what is wrong, each a warning with its place.
    """

    loss: float
    expected: tuple[float, str] | None
    values: list[Activations]
    slopes: list[Gradient]
    before: float
    after: float
    steps: int
    findings: list[Diagnostic]


def checkup(
    module: ModuleType,
    blueprint: Blueprint,
    weights: WeightMap,
    checked: Checked,
    dataset: Dataset,
    rows: int,
) -> Checkup:
    """Look at a network with fresh weights.

    Args:
        module: the emitted module, of what `compiler.for_checkup` gives.
        blueprint: has its line map.
        weights: its weight map.
        checked: its spec, with `train`.
        dataset: its training split is looked at.
        rows: the examples of a step.
    """
    training, plan = checked.document.training, checked.plan
    assert training is not None and plan is not None
    state, key = make_state(module, training.run_seed), training_key(training.run_seed)
    many = _batch(dataset, training.run_seed, _MANY)
    few = _batch(dataset, training.run_seed, min(rows, _FEW))
    loss, before = measured(module, state, many)["loss"], measured(module, state, few)["loss"]
    expected = _expected(module, state, checked, many)
    values = activations(module, blueprint, len(few["mask"]), _forward(module, state, few, key))
    silent = _silent(state, weights)
    values = [row for row in values if row.path not in silent]
    slopes = gradients(mean_loss(module, state, few, key), state["params"], weights)
    wrong = mismatches(module, state, few, key, weights)
    learned, steps = overfitted(module, state, few, key, STEPS)
    after = measured(module, learned, few)
    section = checked.document.place("train", "optimizer")
    found = [
        *findings.about_loss(loss, expected, checked.document.place("train", "loss")),
        *findings.about_values(values),
        *findings.about_slopes(slopes),
        *findings.about_mismatches(wrong),
        *findings.about_overfitting(before, after, steps, STEPS, section),
    ]
    return Checkup(loss, expected, values, slopes, before, after["loss"], steps, found)


def _batch(dataset: Dataset, seed: int, size: int) -> dict[str, Any]:
    """So many examples of the first epoch, all of them there."""
    arrays = dataset.held["train"]
    count = dataset.count("train")
    rows = epoch_order(count, min(size, count), seed, 0)[0]
    return jax.device_put(take(arrays, rows))


def _silent(state: State, weights: WeightMap) -> set[str]:
    """The nodes that start as zeros by intention: a kernel or a scale of theirs is all zero."""
    arrays = to_canonical({"params": state["params"]}, weights)
    places = (name.removeprefix("params/").rpartition("/") for name in arrays)
    zero = zip(places, arrays.values(), strict=True)
    return {node for (node, _, word), array in zero if word != "bias" and not array.any()}


def _expected(module: ModuleType, state: State, checked: Checked, batch: Any) -> tuple[float, str]:
    assert checked.plan is not None
    term, graph = checked.plan.objectives[0].loss, checked.networks[checked.plan.network]
    ports = dict(graph.outputs)
    ref = ports[term.output] if term.output in ports else graph.outputs[0][1]
    return expected_loss(module, state, batch, term, graph.types[ref])


def _forward(module: ModuleType, state: State, batch: Any, key: Any) -> Callable[[], Any]:
    def forward() -> Any:
        return module.forward(state["params"], state["statistics"], batch, train=True, key=key)

    return forward
