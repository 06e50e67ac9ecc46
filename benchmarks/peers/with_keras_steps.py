"""Keras 3 on JAX: `fit` with `steps_per_execution`."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.peers import with_keras
from benchmarks.workloads import Workload

MOST = 50


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    steps = min(MOST, workload.examples // workload.batch)
    return with_keras.start(workload, arrays, weights, steps)
