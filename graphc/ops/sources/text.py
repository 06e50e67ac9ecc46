"""Text: windows of symbols, each with the symbols that follow."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Either, Float, Int, Text
from graphc.core.declaration import attribute, primary
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import TIME, Type, over
from graphc.ops.sources.base import ArraySource
from graphc.ops.sources.published import Downloaded, Stored

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""The symbol 0: what training never saw."""
PART = Either((Float(minimum=0, below=1), Int(0)))
"""A share of a text, or a count of its symbols."""


@dataclass(frozen=True, kw_only=True)
class TextSource(ArraySource):
    """The base of texts. Each example is a window of `length` symbols and those one further.

    Fields: `text` int [time], `next` int [time], both below the size of the vocabulary. The windows
    lie end to end, and none reaches over the end of a document. The text is divided in its own
    order: training, validation, test.

    Attributes:
        followed: the field of the symbols; `target` has what follows.
        apart: the pattern of what stands between two passages.
    """

    target = "next"
    followed: ClassVar[str] = "text"
    apart: ClassVar[str] = r"\n\s*\n"

    by: str = attribute(
        Text(("character", "byte", "word")),
        "what a symbol is; words are runs of letters, with each other mark a word of its own",
        "character",
    )
    length: int = attribute(Int(2), "symbols of a window", 128)
    documents: str | None = attribute(
        Text(),
        "a regular expression of what ends a document; default: the text is a single one",
        None,
    )
    vocabulary: int | None = attribute(
        Int(2), "at most so many symbols, the most frequent ones of the training part", None
    )
    validation: float | int = attribute(
        PART, "what is held out behind the training part: a share of the text, or symbols", 0.1
    )
    test: float | int = attribute(PART, "what is held out at the end, likewise", 0)

    def read_text(self, folder: str) -> str:
        """The whole text; raises ShapeError GC511 where it cannot be read."""
        raise NotImplementedError

    def fields(self, folder: str) -> Mapping[str, Type]:
        parts = self.parts(self.split(self.read_text(folder)))
        return self.windows_of(len(self.symbols(parts["train"])))

    def windows_of(self, size: int | None) -> dict[str, Type]:
        """The fields, for a vocabulary of so many symbols."""
        kind = over(Type((), "int", size), TIME, uneven=self.documents is not None)
        return {self.followed: kind, self.target: kind}

    def parts(self, whole: Sequence[str | int]) -> dict[str, Sequence[str | int]]:
        """The symbols of each split that is not empty; raises ShapeError GC518."""
        sizes = {}
        for part in ("validation", "test"):
            share = getattr(self, part)
            sizes[part] = round(share * len(whole)) if isinstance(share, float) else share
        count = max(len(whole) - sum(sizes.values()), 0)
        least = self.length if self.documents is None else 1
        for part, size in {"train": count, **sizes}.items():
            if size <= least and (size or part == "train"):
                message = f"a window takes {least + 1} symbols, and the {part} part has {size}"
                more = "hold out less" if part == "train" else "hold out more"
                raise ShapeError(message, f"take shorter windows, or {more}", "GC518")
        ends = {"train": count, "validation": count + sizes["validation"], "test": len(whole)}
        starts = {"train": 0, "validation": count, "test": ends["validation"]}
        return {name: whole[starts[name] : end] for name, end in ends.items() if end > starts[name]}

    def validation_part(self) -> int:
        """None: the text is divided before it is cut into windows."""
        return 0

    def lacks_validation(self) -> bool:
        return not self.validation

    def documents_of(self, text: str) -> list[str]:
        """The documents of a text, each with its end; raises ShapeError GC518 for an empty one."""
        if self.documents is None:
            return [text]
        found, start = [], 0
        for match in re.finditer(self.documents, text):
            if not text[start : match.start()].strip():
                line = text.count("\n", 0, match.start()) + 1
                message = (
                    f"document {len(found) + 1} of the text, which ends in line {line}, is empty"
                )
                help = "leave it out, or let the pattern take several ends as one"
                raise ShapeError(message, help, "GC518", "documents")
            found.append(text[start : match.end()])
            start = match.end()
        return [*found, text[start:]] if text[start:].strip() else found

    def split(self, text: str) -> Sequence[str | int]:
        """The symbols of a text."""
        if self.by == "byte":
            return text.encode()
        return text if self.by == "character" else words(text)

    def symbols(self, train: Sequence[str | int]) -> tuple[str | int, ...]:
        """The vocabulary: what the training part has, in order, behind what stands for the rest."""
        if self.by == "byte":
            return tuple(range(256))
        counts = Counter(train)
        kept: list[str | int] = sorted(counts)  # type: ignore[type-var]
        if self.vocabulary is not None and len(kept) >= self.vocabulary:
            most = sorted(counts, key=lambda each: (-counts[each], each))
            kept = sorted(most[: self.vocabulary - 1])  # type: ignore[type-var]
        return (UNKNOWN, *kept)

    def named(self, names: Sequence[str]) -> tuple[str | int, ...]:
        """The symbols by their names: for bytes, their numbers."""
        return tuple(map(int, names)) if self.by == "byte" else tuple(names)

    def complaint(self) -> str | tuple[str, str] | None:
        if self.documents is not None:
            try:
                nothing = re.compile(self.documents).match("")
            except re.error as error:
                return f"`documents` is no regular expression: {error}", "documents"
            if nothing:
                return (
                    f"`{self.documents}` ends documents everywhere, for it matches nothing",
                    "documents",
                )
        if self.by == "byte" and self.vocabulary is not None:
            return "`vocabulary` has no meaning `by: byte`: there are 256 of them", "vocabulary"
        return no_meaning(self, "a text")


def no_meaning(source: ArraySource, what: str) -> str | None:
    """A complaint about attributes that say nothing about a text."""
    refused = {"folds": None, "fold": None, "balance": False, "normalize": "none", "train": None}
    given = (word for word, default in refused.items() if getattr(source, word) != default)
    word = next(given, None)
    return None if word is None else f"`{word}` has no meaning for {what}"


def words(text: str) -> list[str]:
    """The words of a text, and its other marks but for spaces; a line ends in a word of its own.

    Example:
        >>> words("It's late.\\nGo!")
        ['It', "'", 's', 'late', '.', '\\n', 'Go', '!']
    """
    return re.findall(r"\w+|[^\w\s]|\n", text)


@dataclass(frozen=True, kw_only=True)
class PlainText(TextSource):
    """A text file of the user's, in UTF-8."""

    name = "text"

    path: str = primary(Text(), "the file, relative to the folder of the spec")

    def read_text(self, folder: str) -> str:
        path = os.path.join(folder, os.path.expanduser(self.path))
        try:
            with open(path, encoding="utf-8-sig") as file:  # some editors write a mark in front
                text = file.read()
        except UnicodeDecodeError as error:
            message = f"`{path}` is no text in UTF-8: byte {error.start + 1} is wrong"
            raise ShapeError(message, "convert it to UTF-8", "GC511", self.path) from None
        except OSError as error:
            message = f"the data file `{path}` cannot be read: {error.strerror}"
            help = "a path starts from the folder of the spec"
            raise ShapeError(message, help, "GC511", self.path) from None
        if not text.strip():
            raise ShapeError(f"the text `{path}` is empty", None, "GC518", self.path)
        return text


@dataclass(frozen=True, kw_only=True)
class HelpTopics(TextSource):
    """The help of Python itself (`pydoc_data.topics`), some 460,000 characters of English.

    It comes with Python, needs no download, and differs a little from version to version.
    """

    name = "help_topics"

    def read_text(self, folder: str) -> str:
        from pydoc_data.topics import topics

        return "\n\n".join(topics[name].strip() for name in sorted(topics))


@dataclass(frozen=True, kw_only=True)
class Shakespeare(TextSource, Downloaded):
    """Plays by Shakespeare, 1,115,394 characters of which 65 are distinct.

    References: Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015.
    """

    name = "shakespeare"
    folder = "tiny-shakespeare"
    CHARACTERS: ClassVar[str] = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    def fields(self, folder: str) -> Mapping[str, Type]:
        sizes = {"byte": 256, "character": len(self.CHARACTERS) + 1}
        return self.windows_of(self.vocabulary or sizes[self.by])

    def complaint(self) -> str | tuple[str, str] | None:
        if self.by == "word" and self.vocabulary is None:
            return "`by: word` needs `vocabulary`: how many words are told apart"
        return super().complaint()

    def symbols(self, train: Sequence[str | int]) -> tuple[str | int, ...]:
        if self.by == "character" and self.vocabulary is None:
            return (UNKNOWN, *self.CHARACTERS)
        return super().symbols(train)


@dataclass(frozen=True, kw_only=True)
class Multi30k(TextSource, Stored):
    """29,000 English captions of photographs, in lower case, one on each line.

    The English side of the training part of Multi30k, with its marks set apart. The file is served
    nowhere in this form: it is looked for on disk only.

    References: Elliott, Frank, Sima'an and Specia, "Multi30K: multilingual English-German image
    descriptions", 2016.
    """

    name = folder = "multi30k"
    apart = "\n"

    def fields(self, folder: str) -> Mapping[str, Type]:
        return self.windows_of(256 if self.by == "byte" else self.vocabulary)

    def complaint(self) -> str | tuple[str, str] | None:
        if self.by != "byte" and self.vocabulary is None:
            return "`multi30k` needs `vocabulary`: how many symbols are told apart"
        return super().complaint()


sources.add(PlainText, HelpTopics, Shakespeare, Multi30k)
