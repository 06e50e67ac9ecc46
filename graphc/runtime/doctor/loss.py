"""The loss before training, and how far it comes down on a single batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import jax
import numpy as np

from graphc.core.types import Type
from graphc.plan.plan import Term
from graphc.runtime.state import State
from graphc.runtime.steps import step_key


def expected_loss(term: Term, output: Type, target: np.ndarray) -> tuple[float, str] | None:
    """What a network that knows nothing gives, and why; None where no rule is known."""
    match term.measure.name:
        case "cross_entropy":
            return math.log(output.features), f"log({output.features}), all classes alike"
        case "binary_cross_entropy":
            return math.log(2), "log(2), both answers alike"
        case "mean_squared_error":
            return float(np.mean(np.square(target, dtype=np.float64))), "that of always saying 0"
        case "mean_absolute_error":
            return float(np.mean(np.abs(target, dtype=np.float64))), "that of always saying 0"
    return None


def measured(module: ModuleType, state: State, batch: Any) -> dict[str, float]:
    """The loss and the metrics of a batch in evaluation mode."""
    weights = {name: state[name] for name in ("params", "statistics")}
    totals = jax.device_get(jax.jit(module.evaluate_step)(weights, batch))
    sums = {name: np.asarray(value, np.float64) for name, value in totals.items()}
    return {name: float(value) for name, value in module.means(sums).items()}


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
