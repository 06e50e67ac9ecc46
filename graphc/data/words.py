"""Words of a text and those around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from graphc.core.operation import ShapeError
from graphc.data.examples import Examples
from graphc.data.scaling import Arrays
from graphc.data.text import encode, text_of
from graphc.ops.sources import Cbow, Ngrams, Skipgram, WordSource
from graphc.ops.sources.text import words

_POWER = 0.75


def load_words(source: WordSource, folder: str, known: tuple[str, ...] | None = None) -> Examples:
    """The examples of each part of a text; raises ShapeError GC511 or GC518.

    Args:
        known: the words that a run knows; default: the most frequent ones of the training part.
    """
    corpus = source.corpus
    text = text_of(corpus, folder).lower()
    passages = [
        [word for word in words(each) if word != "\n"] for each in re.split(corpus.apart, text)
    ]
    whole = [word for passage in passages for word in passage]
    place = np.repeat(np.arange(len(passages)), [len(each) for each in passages])
    parts = corpus.parts(whole)
    symbols = known or source.symbols(parts["train"])  # type: ignore[arg-type]
    numbers: dict[str | int, int] = {symbol: number for number, symbol in enumerate(symbols)}
    arrays: dict[str, Arrays] = {}
    start, draw = 0, np.random.default_rng(getattr(source, "seed", 0))
    frequency = _frequency(parts["train"], numbers, source.vocabulary)
    for name, part in parts.items():
        stop = start + len(part)
        found = _examples(source, encode(part, numbers), place[start:stop], frequency, draw)
        if not len(found[source.target]):
            raise _without_examples(source, name)
        arrays[name] = found
        start = stop
    return Examples(
        source.fields(folder),
        arrays["train"],
        arrays.get("test"),
        class_names=tuple(symbols),
        validation=arrays.get("validation"),
    )


def _without_examples(source: WordSource, part: str) -> ShapeError:
    message = f"the {part} part gives no example: none of its passages has enough words"
    thinned = getattr(source, "subsample", None) is not None
    help = "take a longer text, or fewer words at a time"
    return ShapeError(
        message, f"{help}; `subsample: null` keeps all words" if thinned else help, "GC518"
    )


def _frequency(train: Sequence[str | int], numbers: dict[str | int, int], size: int) -> np.ndarray:
    """The relative frequency of each word of the vocabulary, 0 for what is none: [vocabulary]."""
    counts = np.bincount(encode(train, numbers), minlength=size).astype(np.float64)
    counts[0] = 0
    return counts / counts.sum()


def _examples(
    source: WordSource,
    text: np.ndarray,
    passage: np.ndarray,
    frequency: np.ndarray,
    draw: np.random.Generator,
) -> Arrays:
    if isinstance(source, Ngrams):
        found = _windows(text, passage, source.before + 1)
        return {"before": found[:, :-1], "next": found[:, -1]}
    assert isinstance(source, (Skipgram, Cbow))
    kept = text > 0
    if source.subsample is not None:
        stays = np.sqrt(source.subsample / np.maximum(frequency, 1e-12))
        kept &= draw.random(len(text)) < stays[text]
    text, passage = text[kept], passage[kept]
    if isinstance(source, Skipgram):
        center, right = _pairs(text, passage, source.window, draw)
        seen = {"center": center, "context": _with_negatives(source, right, frequency, draw)}
    else:
        found = _windows(text, passage, 2 * source.window + 1)
        context = np.delete(found, source.window, axis=1)
        right = found[:, source.window]
        seen = {"context": context, "center": _with_negatives(source, right, frequency, draw)}
    real = np.zeros((len(right), 1 + source.negatives), bool)
    real[:, 0] = True
    return seen | {source.target: real}


def _windows(text: np.ndarray, passage: np.ndarray, size: int) -> np.ndarray:
    """All runs of so many words within a passage: [runs, size]."""
    if len(text) < size:
        return np.zeros((0, size), text.dtype)
    found = np.lib.stride_tricks.sliding_window_view(text, size)
    return found[passage[: len(found)] == passage[size - 1 :]]


def _pairs(
    text: np.ndarray, passage: np.ndarray, window: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Each word with those that it sees: [pairs] and [pairs]."""
    reach = draw.integers(1, window, len(text), endpoint=True)
    centers, others = [], []
    for distance in range(1, window + 1):
        left = np.arange(len(text) - distance)
        left = left[passage[left] == passage[left + distance]]
        for center, other in ((left, left + distance), (left + distance, left)):
            seen = reach[center] >= distance
            centers.append(text[center[seen]])
            others.append(text[other[seen]])
    return np.concatenate(centers), np.concatenate(others)


def _with_negatives(
    source: Skipgram | Cbow, right: np.ndarray, frequency: np.ndarray, draw: np.random.Generator
) -> np.ndarray:
    """What stands there, with the words against it that are drawn: int [examples, 1 + n]."""
    noise = frequency**_POWER
    several = np.searchsorted(
        np.cumsum(noise / noise.sum()), draw.random((len(right), source.negatives))
    )
    drawn = np.minimum(several, len(frequency) - 1)
    return np.concatenate([right[:, None], drawn.astype(right.dtype)], axis=1)
