"""The loss before training, and how far it comes down on a single batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.core.types import Type
from graphc.ops.tasks import OfOutput
from graphc.plan.plan import Term
from graphc.runtime.state import State
from graphc.runtime.steps import step_key


def expected_loss(
    module: ModuleType, state: State, batch: Mapping[str, Any], term: Term, output: Type
) -> tuple[float, str]:
    """What a network that knows nothing gives, whose outputs are all 0, and what that is."""

    def mean() -> Any:
        outputs, _ = module.forward(state["params"], state["statistics"], batch)
        totals = module.sums(jax.tree.map(jnp.zeros_like, outputs), batch)
        return totals["loss"] / totals["count"]

    loss = float(jax.jit(mean)())
    if isinstance(term.measure, OfOutput):
        return loss, "that of outputs of 0"
    if not term.measure.takes_logits:
        return loss, "that of always saying 0"
    classes = max(output.features, 2) if output.shape else 2
    alike = [count for count in (classes, 2) if math.isclose(loss, math.log(count), rel_tol=1e-5)]
    return loss, f"log({alike[0]}), all classes alike" if alike else "that of logits of 0"


def measured(module: ModuleType, state: State, batch: Any) -> dict[str, float]:
    """The loss of a batch in evaluation mode, and the metrics that are a number."""
    weights = {name: state[name] for name in ("params", "statistics")}
    totals = jax.device_get(jax.jit(module.evaluate_step)(weights, batch))
    sums = {name: np.asarray(value, np.float64) for name, value in totals.items()}
    means = module.means(sums).items()
    return {name: float(value) for name, value in means if np.ndim(value) == 0}


def overfitted(
    module: ModuleType, state: State, batch: Mapping[str, Any], key: Any, steps: int
) -> tuple[State, int]:
    """The state after so many steps on one batch, and how many of them were finite."""
    step, done = jax.jit(module.train_step), 0
    for number in range(steps):
        state, totals = step(state, batch, step_key(key, number))
        if not bool(totals["finite"]):
            break
        done += 1
    return state, done
