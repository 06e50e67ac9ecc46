"""From offsets in a scalar's value back to lines and columns of the file.

A scalar's value is not what stands in the file: quotes are gone, escapes are resolved and lines
are folded. A formula's error still has to point at its own character.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from graphc.core.span import Span
from graphc.core.tree import Scalar

_UNITS = {
    "'": re.compile(r"''|[^']"),
    '"': re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.|$)|[^\\]"),
}


class Places:
    """Answers where a part of a scalar's value stands in its file.

    A value that stands in the file as it is (the usual case) costs nothing. Otherwise the value
    is split into runs, stretches of characters that lie side by side in one line of the file.
    Escapes in a double-quoted text are matched one by one; where they also make line breaks the
    columns are approximate.
    """

    def __init__(self, scalar: Scalar) -> None:
        self._whole = scalar.span
        self._runs = [(0, scalar.span.line, scalar.span.column)]
        self._starts = [0]
        if not self._verbatim(scalar):
            self._runs = _runs(scalar) or self._runs
            self._starts = [offset for offset, _, _ in self._runs]

    def _verbatim(self, scalar: Scalar) -> bool:
        span, size = scalar.span, len(scalar.text)
        if span.line != span.end_line or span.line < 1:
            return span.line < 1
        width = span.end_column - span.column
        if scalar.quoted:
            self._runs = [(0, span.line, span.column + 1)]
            return width == size + 2
        return width == size

    def span(self, start: int, end: int) -> Span:
        """The place of the characters `start` to `end` (exclusive) of the value."""
        if self._whole.line < 1:
            return self._whole
        line, column = self._at(start)
        end_line, end_column = self._at(max(end - 1, start))
        return Span(self._whole.source, line, column, end_line, end_column + 1)

    def _at(self, offset: int) -> tuple[int, int]:
        first, line, column = self._runs[max(0, bisect_right(self._starts, offset) - 1)]
        return line, column + offset - first


def _runs(scalar: Scalar) -> list[tuple[int, int, int]]:
    """(offset in the value, line, column) of each run, by walking the lines of the file."""
    span, text = scalar.span, scalar.text
    style = span.source.line(span.line)[span.column - 1 : span.column] if scalar.quoted else ""
    block = style in ("|", ">")
    runs: list[tuple[int, int, int]] = []
    offset = 0
    for number in range(span.line + block, span.end_line + 1):
        column, line = _content(span, number, style)
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        offset = _skip_fold(text, offset, line[indent])
        if style not in _UNITS:
            runs.append((offset, number, column + indent))
            offset += len(line.strip())
        else:
            offset = _walk_quoted(
                runs, line[indent:].rstrip(), style, offset, number, column + indent
            )
    return runs


def _content(span: Span, number: int, style: str) -> tuple[int, str]:
    """The first column and the text of what one line holds of the scalar, without its quotes."""
    line = span.source.line(number)
    start, end = 0, len(line)
    if number == span.line:
        start = span.column - 1 + (style in _UNITS)
    if number == span.end_line and style not in ("|", ">"):
        end = span.end_column - 1 - (style in _UNITS)
    return start + 1, line[start : max(start, end)]


def _skip_fold(text: str, offset: int, first: str) -> int:
    """Past the spaces and line breaks that the fold between two lines left in the value."""
    while offset < len(text) and text[offset] in " \n\t" and text[offset] != first:
        offset += 1
    return offset


def _walk_quoted(
    runs: list[tuple[int, int, int]], line: str, style: str, offset: int, number: int, column: int
) -> int:
    """Add the runs of one line of a quoted text; a run ends after each escape."""
    fresh = True
    for unit in _UNITS[style].finditer(line):
        if fresh:
            runs.append((offset, number, column + unit.start()))
        fresh = len(unit.group()) != 1
        offset += unit.group() != "\\"
    return offset
