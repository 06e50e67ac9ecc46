"""The networks that are trained, and their data. Knows numpy only: the peers read it too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A network, its batch, and how much data there is.

    Args:
        kind: dense, lenet or highway.
        shape: of an image.
        widths: of the dense layers; for a highway network, its width and the number of classes.
        batch: examples per step.
        examples: per epoch, a multiple of the batch.
        depth: highway blocks.
    """

    name: str
    kind: str
    shape: tuple[int, int, int]
    widths: tuple[int, ...]
    batch: int
    examples: int
    depth: int = 0

    forms: ClassVar[str] = "benchmarks.peers"

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the dense layers in the spec, in order."""
        return tuple("dense" if i == 0 else f"dense_{i + 1}" for i in range(len(self.widths)))


IMAGE = (28, 28, 1)
WORKLOADS = {
    each.name: each
    for each in (
        Workload("mlp", "dense", IMAGE, (512, 256, 10), 128, 12_800),
        Workload("tiny", "dense", (8, 8, 1), (32, 10), 32, 16_000),
        Workload("digits", "dense", (8, 8, 1), (32, 10), 32, 1_440),
        Workload("lenet5", "lenet", IMAGE, (120, 84, 10), 128, 6_400),
        Workload("highway50", "highway", IMAGE, (50, 10), 128, 6_400, 50),
    )
}
LEARNING_RATE = 1e-3


def arrays(workload: Workload) -> dict[str, np.ndarray]:
    """`image` and `label`: of MNIST where GRAPHC_DATA holds it, otherwise made up."""
    if workload.shape == IMAGE and os.environ.get("GRAPHC_DATA"):
        from graphc.data.load import load
        from graphc.ops.sources import Mnist

        train = load(Mnist(), ".").splits["train"]
        return {name: train[name][: workload.examples] for name in ("image", "label")}
    return synthetic(workload)


def synthetic(workload: Workload) -> dict[str, np.ndarray]:
    """Ten random images, each many times under as much noise, one label in five wrong."""
    random = np.random.default_rng(0)
    label = random.integers(0, 10, workload.examples).astype(np.int32)
    ideal = random.random((10, *workload.shape), np.float32)
    noise = random.random((workload.examples, *workload.shape), np.float32)
    image = (ideal[label] + noise) / 2
    wrong = random.random(workload.examples) < 0.2
    label[wrong] = random.integers(0, 10, wrong.sum())
    return {"image": image, "label": label}
