"""Examples per second of training, in graphc and in other forms of the same network."""

from __future__ import annotations

import math

from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.workloads import WORKLOADS, arrays

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "keras": "Keras 3 `fit`",
    "torch": "PyTorch",
}


def run(options: Options) -> Result:
    """Every network in turn."""
    return Contest(WORKLOADS, arrays, TITLES, ("examples", 1), math.log(10), 11).run(options)
