"""Where a value was written: a source text and a range of lines and columns in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Source:
    """A text that spans point into.

    Args:
        name: what the user calls it, usually the path as it was typed.
        text: the whole text.
        folder: the folder that relative paths in it start from.
        kept: the directory of the run that it is the spec of, if it is that of one.
    """

    name: str
    text: str
    folder: str = "."
    kept: str | None = None
    _lines: list[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", self.text.split("\n"))

    def line(self, number: int) -> str:
        """The line with this number (from 1), or an empty string past the end."""
        return self._lines[number - 1].rstrip("\r") if 0 < number <= len(self._lines) else ""


@dataclass(frozen=True)
class Span:
    """A range of a source, counted from 1; the end column is exclusive."""

    source: Source = field(repr=False)
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of `other`."""
        return Span(self.source, self.line, self.column, other.end_line, other.end_column)

    def part(self, start: int, end: int) -> Span:
        """Columns `start` to `end` (from 0) of a span that lies on one line."""
        column = self.column + start
        return Span(self.source, self.line, column, self.line, self.column + max(end, start + 1))


def nowhere(name: str = "<python>") -> Span:
    """A span for what no file wrote: graphs that were built in Python."""
    return Span(Source(name, ""), 0, 0, 0, 0)
