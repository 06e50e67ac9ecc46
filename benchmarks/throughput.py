"""Examples per second of training convolutional networks, in graphc and in other forms."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.workloads import WORKLOADS, Workload, arrays

TITLES = {
    "graphc": "graphc",
    "graphc_ynnpack": "graphc, convolutions of YNNPACK",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "jax_without_ynnpack": "JAX by hand, YNNPACK off",
    "jax_rows": "JAX by hand, convolutions by rows",
    "keras": "Keras 3 `fit`",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, `torch.compile`",
}
KINDS = {
    "graphc_ynnpack": ("residual",),
    "jax_without_ynnpack": ("residual",),
    "jax_rows": ("lenet",),
}
"""The networks that some forms are for: convolutions, and few channels."""
NETWORKS = {name: each for name, each in WORKLOADS.items() if each.kind in ("lenet", "residual")}
CHOICES = tuple(NETWORKS)


def contest(networks: Mapping[str, Workload], titles: Mapping[str, str]) -> Contest:
    """Classifiers of images in these forms."""
    chance = math.log(10)
    return Contest(networks, arrays, titles, ("examples", 1), chance, 11, kinds=KINDS)


def run(options: Options) -> Result:
    """Every network in turn."""
    return contest(NETWORKS, TITLES).run(options)
