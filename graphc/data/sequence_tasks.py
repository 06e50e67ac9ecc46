"""Tasks made for recurrent networks, generated."""

from __future__ import annotations

import numpy as np

from graphc.core.types import lengths_over
from graphc.data.examples import Examples
from graphc.ops.sources import AddingProblem, Copying, Reversal
from graphc.ops.sources.sequence_tasks import SOURCE, TARGET


def load_adding_problem(source: AddingProblem, folder: str) -> Examples:
    """Numbers with two marks, and the sum of the marked ones."""
    draw = np.random.default_rng(source.seed)
    count, length = source.count, source.length
    half = length // 2
    numbers = draw.random((count, length), np.float32)
    marks = np.zeros_like(numbers)
    for start, stop in ((0, half), (half, length)):
        marks[np.arange(count), draw.integers(start, stop, count)] = 1
    total = (numbers * marks).sum(axis=1, keepdims=True)
    arrays = {"sequence": np.stack([numbers, marks], axis=-1), source.target: total}
    return Examples(source.fields(folder), arrays)


def load_copying(source: Copying, folder: str) -> Examples:
    """Symbols, a pause, and the symbols again."""
    draw = np.random.default_rng(source.seed)
    count, length, blank = source.count, source.length, source.alphabet
    remembered = draw.integers(source.alphabet, size=(count, length))
    symbols = np.full((count, source.steps), blank, np.int32)
    copy = symbols.copy()
    symbols[:, :length] = remembered
    symbols[:, -length - 1] = blank + 1
    copy[:, -length:] = remembered
    names = (*map(str, range(source.alphabet)), "blank", "begin")
    arrays = {"symbols": symbols, source.target: copy}
    return Examples(source.fields(folder), arrays, class_names=names)


def load_reversal(source: Reversal, folder: str) -> Examples:
    """Symbols, and the same from the last to the first with a sign behind them."""
    draw = np.random.default_rng(source.seed)
    count, longest, end = source.count, source.longest, source.alphabet
    words = draw.integers(source.alphabet, size=(count, longest))
    lengths = draw.integers(source.shortest, longest, endpoint=True, size=count)
    steps = np.arange(longest + 1)
    places = lengths[:, None] - 1 - steps
    reply = np.where(places < 0, end, words[np.arange(count)[:, None], np.maximum(places, 0)])
    arrays = {
        "words": words.astype(np.int32),
        source.target: reply.astype(np.int32),
        lengths_over(SOURCE.name): lengths,
        lengths_over(TARGET.name): lengths + 1,
    }
    names = (*map(str, range(source.alphabet)), "end")
    return Examples(source.fields(folder), arrays, class_names=names)
