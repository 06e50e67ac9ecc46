"""The layers of the residual network for CIFAR-10. Knows numpy only: the peers read it too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MOMENTUM, EPSILON = 0.9, 1e-5
"""Of the running averages of batch normalisation, and what is added to its variances."""


@dataclass(frozen=True)
class Block:
    """Two convolutions and a way around them.

    Args:
        name: below which its weights are, as `stage1/0` or `down2`.
        inputs: the features that it is given.
        features: those that it gives.
        stride: by which the first convolution makes images smaller.
    """

    name: str
    inputs: int
    features: int
    stride: int = 1


def blocks(depth: int) -> Iterator[Block]:
    """All blocks, with so many in each of the three stages."""
    inputs = 16
    for stage, features in enumerate((16, 32, 64), 1):
        if features > inputs:
            yield Block(f"down{stage}", inputs, features, 2)
        for place in range(depth - (features > inputs)):
            yield Block(f"stage{stage}/{place}", features, features)
        inputs = features


def shortened(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights by paths without what all of them have in common: `stage1/0/conv/kernel`."""
    found = {}
    for path, array in weights.items():
        for part in ("resnet_trunk/", "residual/", "body/"):
            path = path.replace(part, "")
        found[path] = array
    return found
