"""Characters per second of training of transformers, in graphc and in other forms."""

from __future__ import annotations

import math

from benchmarks.characters import SYMBOLS, arrays
from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.transformers import TRANSFORMERS

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "keras": "Keras 3 `fit`",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, `torch.compile`",
}
CHOICES = tuple(TRANSFORMERS)


def run(options: Options) -> Result:
    """Every network in turn."""
    steps = {each.steps for each in TRANSFORMERS.values()}
    unit = ("characters", *steps)
    return Contest(TRANSFORMERS, arrays, TITLES, unit, math.log(SYMBOLS), 7).run(options)
