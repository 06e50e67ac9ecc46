"""The symbols that a run learnt: texts into their numbers, and numbers into text."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError, listing
from graphc.data.text import encode
from graphc.ops.sources import TextSource
from graphc.ops.sources.text import UNKNOWN

Decoder = Callable[[Iterable[int]], str]
_SHOWN = 10
_BEFORE_A_BLANK = set(".,;:!?)]}%'\u2019\u201d") | {"\n"}
_BEHIND_NO_BLANK = set("([{'\u2019\u201c") | {"\n"}


@dataclass(frozen=True)
class Vocabulary:
    """What a text is made of.

    Args:
        source: the data, which says what a symbol is.
        names: the symbols by their numbers, bytes as decimals; 0 stands for those not known.
    """

    source: TextSource
    names: tuple[str, ...]

    @cached_property
    def symbols(self) -> tuple[str | int, ...]:
        """The symbols themselves: for bytes, their numbers."""
        return self.source.named(self.names)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text, int32 [symbols], 0 where one is not known."""
        numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        return encode(self.source.split(text), numbers)

    def begun(self, prompt: str) -> np.ndarray:
        """The numbers of a prompt, one or more: an empty one is the beginning of a line.

        Raises:
            RunError: GC631 for symbols that are not known, and for what is no text.
        """
        known = {self.symbols[number] for number in self.drawn}
        try:
            given = self.source.split(prompt)
        except UnicodeEncodeError as error:
            message = f"the prompt is no text in UTF-8: symbol {error.start + 1} is wrong"
            raise RunError(Diagnostic("GC631", message)) from None
        strange = [each for each in dict.fromkeys(given) if each not in known]
        if not strange:
            numbers = self.encode(prompt)
            return numbers if len(numbers) else np.array([self.first], np.int32)
        what = "words" if self.source.by == "word" else "symbols"
        shown = [_shown(str(each)) for each in strange[:_SHOWN]]
        more = f" and {len(strange) - _SHOWN} more" * (len(strange) > _SHOWN)
        message = f"the prompt has {what} that training never saw: {listing(shown)}{more}"
        help = f"leave them out: the run knows {len(self.drawn)} {what}"
        raise RunError(Diagnostic("GC631", message, help=help))

    @property
    def drawn(self) -> tuple[int, ...]:
        """The numbers that a text can have: all but that of unknown symbols."""
        return tuple(i for i, symbol in enumerate(self.symbols) if symbol != UNKNOWN)

    @property
    def first(self) -> int:
        """What stands before a text that begins with nothing: a line break, or else a blank."""
        breaks = [ord("\n"), ord(" ")] if self.source.by == "byte" else ["\n", " "]
        return next((self.symbols.index(e) for e in breaks if e in self.symbols), self.drawn[0])

    def decoder(self, before: str = "") -> Decoder:
        """A function that makes text of further numbers, behind the text `before`."""
        if self.source.by == "word":
            return _Words(self.names, before)
        if self.source.by == "byte":
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            return lambda numbers: decode(bytes(numbers))
        return lambda numbers: "".join(self.names[number] for number in numbers)


class _Words:
    """Words with blanks between them, as far as the marks say where they stand."""

    def __init__(self, names: tuple[str, ...], before: str) -> None:
        self.names, self.last = names, before[-1:] or "\n"

    def __call__(self, numbers: Iterable[int]) -> str:
        return "".join(map(self._word, numbers))

    def _word(self, number: int) -> str:
        word = self.names[number]
        joined = word in _BEFORE_A_BLANK or self.last in _BEHIND_NO_BLANK or self.last == " "
        self.last = word[-1]
        return word if joined else f" {word}"


def _shown(symbol: str) -> str:
    return symbol if symbol.isprintable() else repr(symbol)[1:-1]
