"""Texts as windows of symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphc.data.examples import Examples
from graphc.data.files import KNOWN, locate, read
from graphc.data.scaling import Arrays
from graphc.ops.sources import Stored, TextSource


def load_text(source: TextSource, folder: str) -> Examples:
    """The windows of a text; raises ShapeError GC511 or GC518."""
    parts = source.parts(source.split(text_of(source, folder)))
    symbols = source.symbols(parts["train"])
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    arrays = {name: _windows(source, part, numbers) for name, part in parts.items()}
    return Examples(
        source.fields(folder),
        arrays["train"],
        arrays.get("test"),
        validation=arrays.get("validation"),
        class_names=tuple(map(str, symbols)),
    )


def encode(symbols: Sequence[str | int], numbers: dict[str | int, int]) -> np.ndarray:
    """The numbers of symbols, 0 for those that are not known: int32 [symbols].

    Example:
        >>> encode("abba!", {"a": 1, "b": 2}).tolist()
        [1, 2, 2, 1, 0]
    """
    return np.fromiter((numbers.get(each, 0) for each in symbols), np.int32, len(symbols))


def _windows(
    source: TextSource, symbols: Sequence[str | int], numbers: dict[str | int, int]
) -> Arrays:
    text = encode(symbols, numbers)
    count = (len(text) - 1) // source.length
    whole = count * source.length
    shape = (count, source.length)
    return {
        source.followed: text[:whole].reshape(shape),
        source.target: text[1 : whole + 1].reshape(shape),
    }


def text_of(source: TextSource, folder: str) -> str:
    """The whole text; raises ShapeError or RunError where it cannot be had."""
    if not isinstance(source, Stored):
        return source.read_text(folder)
    (file,) = KNOWN[source.folder]
    return read(locate(source, folder), file).decode("utf-8")
