"""The networks that are trained, and their data. Knows numpy only: the peers read it too."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A network, its batch, and how much data there is.

    Args:
        kind: dense, lenet, highway, residual or bottleneck, a residual network for photographs.
        shape: of an image.
        widths: of the dense layers; for a highway network, its width and the number of classes.
        batch: examples per step.
        examples: per epoch, a multiple of the batch.
        depth: highway blocks, or residual ones of each stage.
        learning_rate: of Adam. Highway layers have less, for in 50 of them what differs by rounding
            grows: with 1e-3, initial weights that differ by 1e-7 gave losses 1 percent apart after
            two epochs and 16 after four.
        precision: of what products multiply.
    """

    name: str
    kind: str
    shape: tuple[int, int, int]
    widths: tuple[int, ...]
    batch: int
    examples: int
    depth: int = 0
    learning_rate: float = 1e-3
    precision: str = "float32"

    @property
    def forms(self) -> str:
        """The package of its peers."""
        own = ".residual" if self.kind in ("residual", "bottleneck") else ""
        return f"benchmarks.peers{own}"

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the dense layers in the spec, in order."""
        return tuple("dense" if i == 0 else f"dense_{i + 1}" for i in range(len(self.widths)))


IMAGE, PHOTOGRAPH = (28, 28, 1), (32, 32, 3)
SLOW = 3e-4
NARROW = "bfloat16"
WORKLOADS = {
    each.name: each
    for each in (
        Workload("mlp", "dense", IMAGE, (512, 256, 10), 128, 12_800),
        Workload("tiny", "dense", (8, 8, 1), (32, 10), 32, 16_000),
        Workload("digits", "dense", (8, 8, 1), (32, 10), 32, 1_440),
        Workload("lenet5", "lenet", IMAGE, (120, 84, 10), 128, 6_400),
        Workload("resnet20", "residual", PHOTOGRAPH, (10,), 64, 1_024, 3),
        Workload("resnet56", "residual", PHOTOGRAPH, (10,), 64, 512, 9),
        Workload("highway10", "highway", IMAGE, (50, 10), 128, 12_800, 10, SLOW),
        Workload("highway50", "highway", IMAGE, (50, 10), 128, 6_400, 50, SLOW),
        Workload("highway200", "highway", IMAGE, (50, 10), 128, 2_560, 200, SLOW),
        Workload("highway1000", "highway", IMAGE, (50, 10), 128, 1_280, 1_000, SLOW),
    )
}
LARGE = {
    each.name: each
    for each in (
        Workload("resnet50", "bottleneck", (224, 224, 3), (1000,), 128, 1_280, 0, 1e-4, NARROW),
        Workload("small_resnet50", "bottleneck", (32, 32, 3), (10,), 16, 32, 0, 1e-5, NARROW),
    )
}
"""For GPUs and TPUs, and one of the same layers that shows on a CPU that they work."""
LEARNING_RATE = 1e-3
"""Of all others that are measured."""


def arrays(workload: Workload) -> dict[str, np.ndarray]:
    """`image` and `label`: MNIST or CIFAR-10 where GRAPHC_DATA holds it, otherwise made up."""
    if workload.shape in (IMAGE, PHOTOGRAPH) and os.environ.get("GRAPHC_DATA"):
        from graphc.data.load import load
        from graphc.ops.sources import Cifar10Subset, Mnist

        source = Mnist() if workload.shape == IMAGE else Cifar10Subset()
        train = load(source, ".").splits["train"]
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
