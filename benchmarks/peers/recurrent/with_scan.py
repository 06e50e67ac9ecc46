"""JAX as one writes a recurrent network first: a `scan` over the steps, and the gradient of JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax

from benchmarks.characters import Characters
from benchmarks.peers.recurrent.with_jax import GATES, held, training, zeros


def start(workload: Characters, arrays: dict, weights: dict) -> Callable[[int], float]:
    return training(workload, arrays, weights, partial(scanned, GATES[workload.cell]))


def scanned(gates: Callable, params, x, alive):
    """A cell over all steps, with all that it does in the loop."""

    def step(before, at):
        x, alive = at
        now = x @ params["input"] + params["input_bias"]
        product = before[0] @ params["state"] + params.get("state_bias", 0.0)
        after = held(gates, before, now, product, alive)
        return after, after[0]

    return jax.lax.scan(step, zeros(gates, params, x), (x, alive))[1]
