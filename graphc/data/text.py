"""Texts as windows of symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import LENGTH
from graphc.data.examples import Examples
from graphc.data.files import KNOWN, locate, read
from graphc.data.scaling import Arrays
from graphc.ops.sources import Stored, TextSource


def load_text(source: TextSource, folder: str, known: tuple[str, ...] | None = None) -> Examples:
    """The windows of a text; raises ShapeError GC511 or GC518.

    Args:
        known: the names of the symbols that a run knows; default: those of the training part.
    """
    documents = [source.split(each) for each in source.documents_of(text_of(source, folder))]
    ends = np.cumsum([len(each) for each in documents])
    parts = source.parts([symbol for each in documents for symbol in each])
    symbols = source.symbols(parts["train"]) if known is None else source.named(known)
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    arrays, start = {}, 0
    for name, part in parts.items():
        arrays[name] = _windows(source, name, encode(part, numbers), ends - start)
        start += len(part)
    return Examples(
        source.windows_of(len(symbols)) if known else source.fields(folder),
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


def _windows(source: TextSource, part: str, text: np.ndarray, ends: np.ndarray) -> Arrays:
    """The windows of a part; of documents, which end at `ends`, also those that are shorter."""
    if source.documents is not None:
        return _windows_of_documents(source, part, text, ends)
    count = (len(text) - 1) // source.length
    whole = count * source.length
    shape = (count, source.length)
    return {
        source.followed: text[:whole].reshape(shape),
        source.target: text[1 : whole + 1].reshape(shape),
    }


def _windows_of_documents(
    source: TextSource, part: str, text: np.ndarray, ends: np.ndarray
) -> Arrays:
    inner = ends[(ends > 0) & (ends < len(text))]
    bounds = zip([0, *inner], [*inner, len(text)], strict=True)
    windows = [
        (start, min(source.length, end - 1 - start))
        for begin, end in bounds
        for start in range(begin, end - 1, source.length)
    ]
    if not windows:
        message = f"no document of the {part} part has two symbols or more"
        help = "let `documents` end fewer of them, or divide the text otherwise"
        raise ShapeError(message, help, "GC518", "documents")
    starts, lengths = np.array(windows).T
    steps = np.minimum(np.arange(lengths.max()), lengths[:, None] - 1) + starts[:, None]
    return {source.followed: text[steps], source.target: text[steps + 1], LENGTH: lengths}


def text_of(source: TextSource, folder: str) -> str:
    """The whole text; raises ShapeError or RunError where it cannot be had."""
    if not isinstance(source, Stored):
        return source.read_text(folder)
    (file,) = KNOWN[source.folder]
    return read(locate(source, folder), file).decode("utf-8")
