"""Scenes and clips made of MNIST's digits, each part of its own digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphc.data.dataset import Arrays
from graphc.data.examples import Examples
from graphc.data.images import DIGIT_NAMES, read_mnist
from graphc.ops.sources import DIRECTIONS, DigitScenes, MovingDigits

Make = Callable[[np.random.Generator, Arrays, int], Arrays]
_INK = 128
_PLACES = 8
_SCRAP = 8
# How far a digit moves down and to the right, in the order of DIRECTIONS.
_STEPS = np.array([(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)])


def load_digit_scenes(source: DigitScenes, folder: str) -> Examples:
    """Scenes, with the class of each pixel."""

    def make(draw: np.random.Generator, digits: Arrays, count: int) -> Arrays:
        images = np.zeros((count, source.size, source.size), np.uint8)
        classes = np.zeros((count, source.size, source.size), np.int8)
        for image, places in zip(images, classes, strict=True):
            _paint(image, places, draw, digits, source)
        return {"image": noisy(images, source.noise, draw)[..., None], "classes": classes}

    return _made(source, folder, make, ("background", *DIGIT_NAMES))


def load_moving_digits(source: MovingDigits, folder: str) -> Examples:
    """Clips, as many of each direction, in an order that is drawn."""

    def make(draw: np.random.Generator, digits: Arrays, count: int) -> Arrays:
        which = draw.integers(len(digits["image"]), size=count)
        canvas = np.zeros((count, source.size, source.size), np.uint8)
        canvas[:, :28, :28] = digits["image"][which, ..., 0]
        label = draw.permutation(count) % len(DIRECTIONS)
        speed = draw.integers(1, 3, (count, 1))
        start = draw.integers(source.size, size=(count, 2))
        clip = moved(canvas, start, speed * _STEPS[label], source.frames)
        return {"clip": noisy(clip, source.noise, draw)[..., None], "label": label}

    return _made(source, folder, make, DIRECTIONS)


def _made(
    source: DigitScenes | MovingDigits, folder: str, make: Make, names: tuple[str, ...]
) -> Examples:
    """Training examples of the training digits and test examples of the test digits."""
    parts = [
        make(np.random.default_rng([source.seed, part]), digits, count)
        for part, (digits, count) in enumerate(
            zip(read_mnist(source, folder), (source.count, source.test), strict=True)
        )
    ]
    train, test = parts
    return Examples(source.fields(folder), train, test if source.test else None, names)


def _paint(
    image: np.ndarray,
    classes: np.ndarray,
    draw: np.random.Generator,
    digits: Arrays,
    source: DigitScenes,
) -> None:
    """Fill an empty scene: scraps first, and the digits on top."""
    for _ in range(source.clutter):
        digit, _ = _drawn(draw, digits)
        scrap = digit[_window(draw, digit.shape, (_SCRAP, _SCRAP))]
        window = _window(draw, image.shape, scrap.shape)
        image[window] = np.maximum(image[window], scrap)
    for _ in range(draw.integers(1, source.digits + 1)):
        digit, label = _drawn(draw, digits)
        digit = _without_margin(digit)
        ink = digit >= _INK
        # Of a few places, the one where the digit hides least of the others.
        windows = [_window(draw, image.shape, digit.shape) for _ in range(_PLACES)]
        window = min(windows, key=lambda each: np.count_nonzero(classes[each][ink]))
        image[window] = np.where(ink, digit, np.maximum(image[window], digit))
        classes[window][ink] = label + 1


def _drawn(draw: np.random.Generator, digits: Arrays) -> tuple[np.ndarray, int]:
    """One of the digits, [28, 28], and which it is."""
    which = draw.integers(len(digits["image"]))
    return digits["image"][which, ..., 0], int(digits["label"][which])


def _without_margin(digit: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _window(
    draw: np.random.Generator, around: tuple[int, ...], size: tuple[int, ...]
) -> tuple[slice, ...]:
    """A place for something of this size inside what is around it."""
    starts = [draw.integers(whole - part + 1) for whole, part in zip(around, size, strict=True)]
    return tuple(slice(start, start + part) for start, part in zip(starts, size, strict=True))


def moved(canvas: np.ndarray, start: np.ndarray, step: np.ndarray, frames: int) -> np.ndarray:
    """Each canvas shifted by `start` and by `step` more in every frame, around the edges.

    Args:
        canvas: [clips, size, size].
        start, step: rows and columns, [clips, 2].

    Returns:
        [clips, frames, size, size].
    """
    count, size, _ = canvas.shape
    shift = start[:, None] + step[:, None] * np.arange(frames)[None, :, None]
    at = (np.arange(size) - shift[..., None]) % size  # [clips, frames, 2, size]
    clips = np.arange(count)[:, None, None, None]
    return canvas[clips, at[:, :, 0, :, None], at[:, :, 1, None, :]]


def noisy(images: np.ndarray, deviation: float, draw: np.random.Generator) -> np.ndarray:
    """Bytes with noise whose deviation is a part of the whole range, cut off at its ends."""
    if not deviation:
        return images
    noise = draw.standard_normal(images.shape, np.float32)
    noise *= 255 * deviation
    return np.clip(np.rint(noise + images), 0, 255).astype(np.uint8)
