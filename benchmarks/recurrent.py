"""Characters per second of training of recurrent networks, in graphc and in other forms."""

from __future__ import annotations

import math

from benchmarks.characters import CHARACTERS, SYMBOLS, arrays
from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result

TITLES = {
    "graphc": "graphc",
    "graphc_bfloat16": "graphc, bfloat16",
    "nnx": "NNX, `nnx.RNN`",
    "jax": "JAX by hand",
    "scan": "JAX, plain scan",
    "keras": "Keras 3 `fit`",
    "torch": "PyTorch",
}

CHOICES = tuple(CHARACTERS)


def run(options: Options) -> Result:
    """Every network in turn."""
    steps = {each.steps for each in CHARACTERS.values()}
    unit = ("characters", *steps)
    return Contest(CHARACTERS, arrays, TITLES, unit, math.log(SYMBOLS), 5).run(options)
