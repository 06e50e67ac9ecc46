"""Examples per second of training, in graphc and in other forms of the same network."""

from __future__ import annotations

import math

from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.workloads import WORKLOADS, arrays

TITLES = {
    "graphc": "graphc",
    "graphc_ynnpack": "graphc, convolutions of YNNPACK",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "jax_without_ynnpack": "JAX by hand, YNNPACK off",
    "jax_rows": "JAX by hand, convolutions by rows",
    "keras": "Keras 3 `fit`",
    "keras_steps": "Keras 3, `steps_per_execution`",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, `torch.compile`",
}
KINDS = {
    "graphc_ynnpack": ("residual",),
    "jax_without_ynnpack": ("residual",),
    "jax_rows": ("lenet",),
    "keras_steps": ("dense", "highway"),
}
"""The networks that some forms are for: convolutions, few channels, and many small steps."""
CHOICES = tuple(WORKLOADS)


def run(options: Options) -> Result:
    """Every network in turn."""
    chance = math.log(10)
    contest = Contest(WORKLOADS, arrays, TITLES, ("examples", 1), chance, 11, kinds=KINDS)
    return contest.run(options)
