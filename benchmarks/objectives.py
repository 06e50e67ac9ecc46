"""Examples per second of two networks against each other, in graphc and in other forms.

All of them have one scheme: both move at once, on one batch and one draw of noise. What is
compared as the loss is the mean of that of both.
"""

from __future__ import annotations

from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.players import PLAYERS, arrays
from benchmarks.report import Result

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, a step for each player",
    "jax": "JAX by hand, one `vjp`",
    "keras": "Keras 3, a loop by hand",
    "torch": "PyTorch",
}

CHOICES = tuple(PLAYERS)


def run(options: Options) -> Result:
    """Every pair in turn."""
    return Contest(PLAYERS, arrays, TITLES, ("examples", 1), 0.0, 7, falls=False).run(options)
