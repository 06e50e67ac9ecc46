"""Examples per second of training, in graphc and in other forms of the same network."""

from __future__ import annotations

import math

from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.workloads import WORKLOADS, arrays

TITLES = {
    "graphc": "graphc",
    "graphc_without_ynnpack": "graphc, YNNPACK off",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "keras": "Keras 3 `fit`",
    "keras_steps": "Keras 3, `steps_per_execution`",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, `torch.compile`",
}
KINDS = {"graphc_without_ynnpack": ("lenet", "residual"), "keras_steps": ("dense", "highway")}
"""The networks that some forms are for: convolutions, and small steps of which there are many."""
CHOICES = tuple(WORKLOADS)


def run(options: Options) -> Result:
    """Every network in turn."""
    chance = math.log(10)
    contest = Contest(WORKLOADS, arrays, TITLES, ("examples", 1), chance, 11, kinds=KINDS)
    return contest.run(options)
