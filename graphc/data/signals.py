"""Waves of eight kinds, generated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graphc.data.examples import Examples
from graphc.ops.sources import SIGNALS, Signals


@dataclass(frozen=True, eq=False)
class Wave:
    """What is random about each of several waves.

    Attributes:
        time: [1, length], from 0 to 1.
        frequency: [waves, 1], in cycles over the whole signal.
        phase: [waves, 1], in cycles.
        extra: [waves, 1], from 0 to 1: what kinds make of it.
        noise: [waves, length], normal.
    """

    time: np.ndarray
    frequency: np.ndarray
    phase: np.ndarray
    extra: np.ndarray
    noise: np.ndarray

    @property
    def cycle(self) -> np.ndarray:
        """How many cycles have passed: [waves, length]."""
        return self.frequency * self.time + self.phase

    @property
    def sine(self) -> np.ndarray:
        return _sine(self.cycle)


def _sine(cycle: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * cycle)


def _chirp(wave: Wave) -> np.ndarray:
    """The frequency grows to three times what it is at first, or falls from there."""
    time = np.where(wave.extra < 0.5, wave.time, 1 - wave.time)
    return _sine(wave.frequency * (time + time**2) + wave.phase)


def _damped(wave: Wave) -> np.ndarray:
    return np.exp(-(3 + 5 * wave.extra) * wave.time) * wave.sine


def _bursts(wave: Wave) -> np.ndarray:
    """The sine is heard for a third of the time, in two or three pieces."""
    return np.where((2.5 * wave.time + wave.extra) % 1 < 1 / 3, wave.sine, 0)


WAVES: dict[str, Callable[[Wave], np.ndarray]] = {
    "sine": lambda wave: wave.sine,
    "square": lambda wave: np.sign(wave.sine),
    "sawtooth": lambda wave: 2 * (wave.cycle % 1) - 1,
    "triangle": lambda wave: 4 * np.abs(wave.cycle % 1 - 0.5) - 1,
    "chirp": _chirp,
    "damped": _damped,
    "bursts": _bursts,
    "noise": lambda wave: 0.7 * wave.noise,
}


def load_signals(source: Signals, folder: str) -> Examples:
    """As many of each kind, in an order that is drawn."""
    draw = np.random.default_rng(source.seed)
    count, length = source.count, source.length
    label = draw.permutation(count) % len(SIGNALS)
    fastest = max(length / 12, 4)  # twelve samples for each cycle, so that forms can be told
    wave = Wave(
        time=np.arange(length)[None, :] / length,
        frequency=draw.uniform(3, fastest, (count, 1)),
        phase=draw.uniform(0, 1, (count, 1)),
        extra=draw.uniform(0, 1, (count, 1)),
        noise=draw.normal(size=(count, length)),
    )
    signal = np.empty((count, length), np.float32)
    for kind, name in enumerate(SIGNALS):
        rows = label == kind
        several = (wave.frequency, wave.phase, wave.extra, wave.noise)
        signal[rows] = WAVES[name](Wave(wave.time, *(each[rows] for each in several)))
    signal *= draw.uniform(0.5, 1.5, (count, 1)).astype(np.float32)
    signal += source.noise * draw.standard_normal(signal.shape, np.float32)
    arrays = {"signal": signal[..., None], "label": label}
    return Examples(source.fields(folder), arrays, class_names=SIGNALS)
