"""Transformers that read characters. Knows numpy only: the peers read it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.characters import SYMBOLS

BASE, EPSILON = 10_000.0, 1e-6
"""Of rotary positions, and what is added to the variances of layer normalisation."""


@dataclass(frozen=True)
class Transformer:
    """From every character of a text, what comes next, by causal attention.

    Args:
        depth: layers, each of an attention and of two dense layers, both added to what they read.
        units: the numbers that stand for each character; between the dense layers four times more.
        heads: of each attention.
        batch: examples per step.
        examples: per epoch, a multiple of the batch.
        symbols: of which a text is.
        precision: of what products multiply.
    """

    name: str
    depth: int
    units: int
    heads: int
    steps: int = 128
    batch: int = 32
    examples: int = 128
    symbols: int = SYMBOLS
    precision: str = "float32"

    both_ways: ClassVar[bool] = False
    forms: ClassVar[str] = "benchmarks.peers.attention"


TRANSFORMERS = {each.name: each for each in (Transformer("gpt", 4, 128, 4),)}
_MANY, _NARROW = 3 * 2**13, "bfloat16"
LARGE = {
    each.name: each
    for each in (
        Transformer("gpt123m", 12, 768, 12, 1_024, 16, 64, _MANY, _NARROW),
        Transformer("small_gpt", 2, 32, 2, 32, 4, 8, 100, _NARROW),
    )
}
"""For GPUs and TPUs, and one of the same layers that shows on a CPU that they work."""


def shortened(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights by paths without the residual blocks: `layers/0/attention/query/kernel`."""
    found = {}
    for path, array in weights.items():
        path = path.replace("residual_2/body/layer_norm", "layer_norm_2")
        path = path.replace("residual_2/body/", "").replace("residual/body/", "")
        found[path] = array
    return found


def angles(steps: int, features: int) -> np.ndarray:
    """By what rotary positions turn each pair of features of a head: [steps, features / 2]."""
    rates = BASE ** (-np.arange(0.0, features, 2) / features)
    return np.outer(np.arange(steps), rates).astype(np.float32)
