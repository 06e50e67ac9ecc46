"""Two networks against each other over digits. Knows numpy only: the peers read it too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import WORKLOADS
from benchmarks.workloads import arrays as of_digits

RATE, MOMENTUM, SLOPE = 2e-4, 0.5, 0.01
"""The learning rate and the first momentum of Adam, and the slope of leaky relu below 0."""


@dataclass(frozen=True)
class Players:
    """A generator and a discriminator, which move at once, on one batch.

    Without widths they are convolutional (Radford, Metz, Chintala, 2016).

    Args:
        noise: random numbers that an image is made of.
        generator: the widths of its dense layers.
        discriminator: the widths of its dense layers.
        batch: examples per step.
        examples: per epoch, a multiple of the batch.
    """

    name: str
    noise: int
    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    batch: int
    examples: int

    @property
    def forms(self) -> str:
        """The package of its peers."""
        return f"benchmarks.peers.{'players' if self.generator else 'dcgan'}"


PLAYERS = {
    each.name: each
    for each in (
        Players("digits_pair", 64, (256, 512, 784), (512, 256, 1), 128, 6_400),
        Players("dcgan", 64, (), (), 128, 1_280),
    )
}


def arrays(workload: Players) -> dict[str, np.ndarray]:
    """`image` of as many digits."""
    image = of_digits(WORKLOADS["mlp"])["image"]
    return {"image": image[: workload.examples]}


def layers(count: int) -> tuple[str, ...]:
    """The names of so many dense layers in the spec, in order."""
    return tuple("dense" if i == 0 else f"dense_{i + 1}" for i in range(count))
