"""The members of an ensemble put to use as one network.

What stands against the target is averaged: probabilities of classes (a soft vote), rates of counts,
numbers themselves. The outputs of the ensemble are those that give this mean, so they are read,
judged and exported like those of a single network: logits stay logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.data.dataset import Dataset, Form
from graphc.runtime.evaluation import Batches, predict_batches
from graphc.runtime.module import import_module, require_training
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import Programs
from graphc.runtime.use import Warn, prepared, require_split, trained_state

Average = Callable[[jax.Array], jax.Array]


def _of_classes(outputs: jax.Array) -> jax.Array:
    return _log_mean(jax.nn.log_softmax(outputs))


def _of_yes_or_no(outputs: jax.Array) -> jax.Array:
    return _log_mean(jax.nn.log_sigmoid(outputs)) - _log_mean(jax.nn.log_sigmoid(-outputs))


def _log_mean(logarithms: jax.Array) -> jax.Array:
    return jax.nn.logsumexp(logarithms, axis=0) - jnp.log(len(logarithms)).astype(logarithms.dtype)


def _of_numbers(outputs: jax.Array) -> jax.Array:
    return jnp.mean(outputs, axis=0)


AVERAGES: Mapping[str | None, Average] = {
    "softmax": _of_classes,
    "sigmoid": _of_yes_or_no,
    "exp": _log_mean,
    None: _of_numbers,
}
"""By what makes of an output what stands against the target: from outputs [members, ...] to one."""


class Ensemble:
    """Members with their weights.

    Args:
        runs: of the members, which were trained from one spec.
        mean: what makes of an output what stands against the target, see `Loss.mean`.
        voting: which output that is, where the network has several; of others it is the mean.
    """

    def __init__(
        self, runs: Sequence[RunDirectory], mean: str | None, voting: int, warn: Warn
    ) -> None:
        first = runs[0]
        module = require_training(import_module(first.model, first.blueprint.files))
        template = state_shapes(module)
        self.programs = Programs(module, 1)
        self.states = [trained_state(run, template, warn) for run in runs]
        self.batch_size = int(first.settings["batch_size"])
        self._mean, self._voting = mean, voting
        self._vote, self._judge = jax.jit(self.vote), jax.jit(self._sums)

    def vote(self, outputs: Sequence[Any]) -> Any:
        """The outputs of the ensemble, of those of its members."""
        average = AVERAGES[self._mean]
        if not isinstance(outputs[0], tuple):
            return average(jnp.stack(outputs))
        ports = [jnp.stack(each) for each in zip(*outputs, strict=True)]
        return tuple(
            average(each) if port == self._voting else _of_numbers(each)
            for port, each in enumerate(ports)
        )

    def evaluate(self, dataset: Dataset, split: str) -> dict[str, Any]:
        """The loss and each metric over a split; raises RunError GC613 where there is none."""
        require_split(dataset, split)
        totals = [
            self._judge(self._outputs(batch, dataset.target), batch)
            for batch in Batches(dataset.held[split], self.batch_size)
        ]
        return self.programs.means(*totals)

    def predict(self, form: Form, inputs: np.ndarray | Mapping[str, Any]) -> Any:
        """The outputs for examples [n, ...]; raises RunError as `predict_run`."""
        arrays = prepared(form, inputs)
        found = [
            predict_batches(
                self.programs.predict, state["params"], state["statistics"], arrays, self.batch_size
            )
            for state in self.states
        ]
        return jax.device_get(self._vote(found))

    def call(self, batch: Any) -> Any:
        """The outputs for a batch that is prepared."""
        forward = self.programs.module.forward
        return self.vote(
            [forward(each["params"], each["statistics"], batch)[0] for each in self.states]
        )

    def _outputs(self, batch: Any, target: str) -> list[Any]:
        inputs = {name: array for name, array in batch.items() if name != target}
        predict = self.programs.predict
        return [predict(each["params"], each["statistics"], inputs) for each in self.states]

    def _sums(self, outputs: Sequence[Any], batch: Any) -> Any:
        return self.programs.module.sums(self.vote(outputs), batch)
