"""The layers of residual networks. Knows numpy only: the peers read it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import Workload

MOMENTUM, EPSILON = 0.9, 1e-5
"""Of the running averages of batch normalisation, and what is added to its variances."""
STAGES = (3, 4, 6, 3)
"""The blocks of each stage of ResNet-50."""


@dataclass(frozen=True)
class Conv:
    """A convolution without bias, and a batch normalisation behind it."""

    features: int
    kernel: int
    stride: int = 1


@dataclass(frozen=True)
class Block:
    """Convolutions and a way around them.

    Args:
        name: below which its weights are, as `stage1/0` or `down2`.
        inputs: the features that it is given.
        features: those that it gives.
        stride: by which it makes images smaller.
        narrow: the features of the convolution of 3 by 3 between two of 1 by 1; 0 where there are
            two of 3 by 3.
    """

    name: str
    inputs: int
    features: int
    stride: int = 1
    narrow: int = 0

    @property
    def convs(self) -> dict[str, Conv]:
        """By their names, with a relu behind all but the last."""
        if self.narrow:
            return {
                "1": Conv(self.narrow, 1),
                "2": Conv(self.narrow, 3, self.stride),
                "3": Conv(self.features, 1),
            }
        return {"1": Conv(self.features, 3, self.stride), "2": Conv(self.features, 3)}

    @property
    def around(self) -> Conv | None:
        """What the way around is multiplied by; without, channels of zeros are added to it."""
        projected = self.narrow and self.features != self.inputs
        return Conv(self.features, 1, self.stride) if projected else None


def stem(workload: Workload) -> Conv:
    """The first convolution; behind one with a stride stands a pool of 3 by 3, with one too."""
    return Conv(64, 7, 2) if workload.kind == "bottleneck" else Conv(16, 3)


def blocks(workload: Workload) -> tuple[Block, ...]:
    """All blocks in order."""
    return tuple(_bottlenecks() if workload.kind == "bottleneck" else _basic(workload.depth))


def _basic(depth: int) -> Iterator[Block]:
    """Those for CIFAR-10, with so many in each of the three stages."""
    inputs = 16
    for stage, features in enumerate((16, 32, 64), 1):
        if features > inputs:
            yield Block(f"down{stage}", inputs, features, 2)
        for place in range(depth - (features > inputs)):
            yield Block(f"stage{stage}/{place}", features, features)
        inputs = features


def _bottlenecks() -> Iterator[Block]:
    """Those of ResNet-50."""
    inputs = 64
    for stage, depth in enumerate(STAGES, 1):
        narrow = 32 * 2**stage
        features = 4 * narrow
        yield Block(f"wider{stage}", inputs, features, 1 if stage == 1 else 2, narrow)
        for place in range(depth - 1):
            yield Block(f"stage{stage}/{place}", features, features, 1, narrow)
        inputs = features


_LAYER = re.compile(r"(around/)?(conv|batch_norm)(?:_(\d))?/")
_COMMON = ("resnet_trunk/", "resnet_bottlenecks/", "residual/", "body/", "narrow/")


def shortened(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights by paths of blocks and their layers: `stage1/0/2/conv/kernel`."""
    found = {}
    for path, array in weights.items():
        for part in _COMMON:
            path = path.replace(part, "")
        found[_LAYER.sub(_place, path)] = array
    return found


def _place(match: re.Match[str]) -> str:
    around, kind, number = match.groups()
    return f"{'around' if around else number or 1}/{kind}/"
