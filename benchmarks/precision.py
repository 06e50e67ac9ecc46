"""Training with products of bfloat16 numbers against float32: how fast, and to which losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks import characters, players, workloads
from benchmarks.contest import Contest
from benchmarks.options import Options
from benchmarks.report import Result

TITLES = {"graphc": "float32", "graphc_bfloat16": "bfloat16"}
NETWORKS: dict[str, Any] = {
    **{name: workloads.WORKLOADS[name] for name in ("tiny", "mlp", "lenet5", "highway50")},
    **{name: characters.CHARACTERS[name] for name in ("elman", "gru", "lstm", "lstm2")},
    "digits_pair": players.PLAYERS["digits_pair"],
}
CHOICES = tuple(NETWORKS)


def run(options: Options) -> Result:
    """Every network in turn; batches and initial weights are the same."""
    contest = Contest(NETWORKS, _arrays, TITLES, ("examples", 1), math.inf, 7, falls=False)
    return contest.run(options)


def _arrays(network: Any) -> dict[str, np.ndarray]:
    if isinstance(network, characters.Characters):
        return characters.arrays(network)
    if isinstance(network, players.Players):
        return players.arrays(network)
    return workloads.arrays(network)
