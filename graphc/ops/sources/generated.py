"""Sets that are generated, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Float, Int
from graphc.core.declaration import attribute, primary
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import Undivided, check_size, labelled
from graphc.ops.sources.published import Downloaded

SIGNALS = ("sine", "square", "sawtooth", "triangle", "chirp", "damped", "bursts", "noise")
DIRECTIONS = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")


@dataclass(frozen=True, kw_only=True)
class Signals(Undivided):
    """Eight kinds of waves in noise: `signal` [length, 1], `label` below 8.

    A sine, square, sawtooth or triangle wave, a chirp (its frequency rises or falls), a damped
    wave, bursts of a wave, or noise alone. Frequency, phase and amplitude are random.
    """

    name = "signals"

    count: int = primary(Int(1), "how many signals, those of all splits together", 5000)
    length: int = attribute(Int(16), "samples of a signal", 128)
    noise: float = attribute(Float(minimum=0), "standard deviation of the noise that is added", 0.3)
    seed: int = attribute(Int(0), "draws the signals", 0)

    def fields(self, folder: str) -> Mapping[str, Type]:
        types = labelled("signal", (self.length, 1), len(SIGNALS))
        self.sizes(self.count)
        check_size(self.count, types)
        return types

    def training_examples(self) -> int:
        return self.sizes(self.count, len(SIGNALS))["train"]


@dataclass(frozen=True, kw_only=True)
class _OfDigits(Downloaded):
    """The base of what is made of MNIST's digits, with a test split made of its test digits."""

    folder = "mnist"

    count: int = primary(Int(1), "how many are made of MNIST's training digits", 5000)
    test: int = attribute(Int(0), "how many are made of its test digits, for the test", 1000)
    seed: int = attribute(Int(0), "draws the digits and what becomes of them", 0)

    def fields(self, folder: str) -> Mapping[str, Type]:
        types = self.example()
        self.sizes(self.count)
        for count in (self.count, self.test):
            check_size(count, types)
        return types

    def training_examples(self) -> int:
        target = self.example()[self.target]
        return self.sizes(self.count, 1 if target.shape else target.below or 1)["train"]

    def example(self) -> dict[str, Type]:
        """The fields of one example."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class DigitScenes(_OfDigits):
    """MNIST's digits on a canvas: `image` [size, size, 1], `classes` int [size, size] below 11.

    Each pixel has a class: 0 for the background and digit + 1 for the ink of a digit. Where two
    digits meet, the later one lies on top.
    """

    name = "digit_scenes"
    target = "classes"

    digits: int = attribute(Int(1), "the most digits of a scene; the fewest is one", 4)
    size: int = attribute(Int(28), "height and width of the canvas", 48)
    clutter: int = attribute(
        Int(0), "scraps of other digits, 8 by 8 pixels, that belong to the background", 0
    )
    noise: float = attribute(
        Float(minimum=0), "standard deviation of the noise that is added to the grey values", 0.0
    )

    def example(self) -> dict[str, Type]:
        canvas = (self.size, self.size)
        return {"image": Type((*canvas, 1)), self.target: Type(canvas, "int", 11)}


@dataclass(frozen=True, kw_only=True)
class MovingDigits(_OfDigits):
    """A digit of MNIST on its way: `clip` [frames, size, size, 1], `label` below 8.

    It moves one or two pixels for each frame in one of eight directions, which is the label, and
    what leaves the canvas on one side comes back on the other. It starts anywhere, so that a single
    frame says nothing about the label.
    """

    name = "moving_digits"

    frames: int = attribute(Int(2), "frames of a clip", 8)
    size: int = attribute(Int(28), "height and width of a frame", 32)
    noise: float = attribute(
        Float(minimum=0), "standard deviation of the noise that is added to the grey values", 0.0
    )

    def example(self) -> dict[str, Type]:
        return labelled("clip", (self.frames, self.size, self.size, 1), len(DIRECTIONS))


sources.add(Signals, DigitScenes, MovingDigits)
