"""Steps per second of training over one graph, in graphc and in other forms of the same network."""

from __future__ import annotations

import math

from benchmarks.citations import CITATIONS, arrays
from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, dense features",
    "jax": "JAX by hand",
    "torch_geometric": "PyTorch Geometric",
}


def run(options: Options) -> Result:
    """Every graph in turn."""
    return Contest(CITATIONS, arrays, TITLES, ("steps", 1), math.log(7), 5).run(options)
