"""PyYAML's errors in our words, each at the smallest place that shows what is wrong."""

from __future__ import annotations

import re

import yaml

from graphc.core import misspellings
from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.misspellings import shown
from graphc.core.span import Span

_TOKEN = re.compile(r"[\w$][\w.$@]*|\S|$")
_BEFORE_KEY = re.compile(r"^\s*(?:- +)*")
_AFTER_KEY = re.compile(r"\s*(?:- +)*[^\s:][^:]*:\s+\S")
_SIGN_BEFORE = re.compile(r"(?<=\s)([!&]\w+)\s+$")
_CLOSERS = {"[": "]", "{": "}"}
_QUOTE_IT = "quote the whole value"


def explain(error: yaml.YAMLError, source, opened: Span | None) -> Diagnostic:
    """The diagnostic for an error of PyYAML.

    Args:
        error: what PyYAML raised.
        source: the text that it read.
        opened: the innermost bracket that is still open there.
    """
    return _Explanation(error, source, opened).diagnostic()


class _Explanation:
    def __init__(self, error: yaml.YAMLError, source, opened: Span | None) -> None:
        self.source = source
        self.context = getattr(error, "context", None) or ""
        self.problem = getattr(error, "problem", None) or ""
        self.at = self._token(getattr(error, "problem_mark", None))
        self.start = self._token(getattr(error, "context_mark", None)) if self.context else self.at
        self.opened = opened
        self.bracket = self._text(opened)[:1] if opened else ""

    def diagnostic(self) -> Diagnostic:
        """The first of the groups below that knows this error."""
        found = self._signs() or self._unclosed() or self._keys() or self._flow() or self._block()
        return found or self._error("GC110", "this is not YAML", self.at)

    def _signs(self) -> Diagnostic | None:
        """Values that begin with a sign that YAML keeps for itself."""
        character = self._text(self.at)[:1]
        if character == "\t" and ("start any token" in self.problem or "':'" in self.problem):
            return self._tab()
        if "scanning an a" in self.context and (sign := self._sign_before()):
            return sign
        if "scanning an alias" in self.context:
            return misspellings.alias(
                self._text(self._word(self.start)), self._word(self.start), ()
            )
        if "scanning an anchor" in self.context:
            return misspellings.anchor(self._text(self._word(self.start)), self._word(self.start))
        if self.context.endswith(" tag") or "tag handle" in self.problem:
            return misspellings.tag(self._text(self._word(self.start)), self._word(self.start))
        if "block scalar" in self.context:
            message = f"`{self._text(self.start)[:1]}` begins a block of text on the next line"
            help = "move the text to the next line, or quote it; a formula has no comparison"
            return self._error("GC110", message, self.start, help)
        if "cannot start any token" in self.problem:
            help = "a delay follows a name: `h@t-1`" if character == "@" else "quote it"
            message = f"a value cannot begin with `{character}`"
            return self._error("GC110", message, self.at, help)
        return None

    def _sign_before(self) -> Diagnostic | None:
        """`y: !x * 2`, where the `!` is the misspelling and not the `*`."""
        found = _SIGN_BEFORE.search(self.source.line(self.start.line)[: self.start.column - 1])
        if not found:
            return None
        column = found.start(1) + 1
        span = Span(self.source, self.start.line, column, self.start.line, found.end(1) + 1)
        make = misspellings.tag if found[1][0] == "!" else misspellings.anchor
        return make(found[1], span)

    def _tab(self) -> Diagnostic:
        line = self.source.line(self.at.line)
        indents = not line[: self.at.column - 1].strip()
        message = "a tab cannot indent a line" if indents else "a tab cannot stand between values"
        rest = line[self.at.column - 1 :]
        width = len(rest) - len(rest.lstrip("\t"))
        return self._error("GC109", message, self.at.part(0, max(1, width)), "use spaces")

    def _unclosed(self) -> Diagnostic | None:
        """Brackets and quotes that are never closed, and escapes that are none."""
        if "scanning a quoted scalar" in self.context:
            quote = self._text(self.start)[:1]
            message = f"the quote `{quote}` is never closed"
            return self._error("GC111", message, self.start.part(0, 1), f"add `{quote}`")
        ends = ("<stream end>", "<document start>", "<document end>")
        if self.opened and any(repr(end) in self.problem for end in ends):
            message = f"`{self.bracket}` is never closed"
            return self._error("GC111", message, self.opened, f"add `{_CLOSERS[self.bracket]}`")
        if "double-quoted" in self.context:
            help = r"write `\\` for a backslash, or use single quotes"
            return self._error(
                "GC110", "this is no escape of a text in double quotes", self.at, help
            )
        return None

    def _keys(self) -> Diagnostic | None:
        """Keys without a colon, and colons where no key can be."""
        if "could not find expected ':'" in self.problem:
            text, span = self._line(self.start.line, self.start.column - 1)
            message = f"`{shown(text)}` is neither `key: value` nor `- item`"
            return misspellings.glued_text(text, span) or self._error("GC110", message, span)
        missing = "node content" in self.problem or "block end" in self.problem
        if missing and self._text(self.at) == ":":
            return self._error("GC102", "a key is missing before `:`", self.at)
        if "mapping values are not allowed" in self.problem:
            return self._glued_above() or self._second_colon()
        return None

    def _glued_above(self) -> Diagnostic | None:
        """`dense:256` above a line `from: x`, which YAML reads as one key of two lines."""
        number = self.at.line - 1
        while number > 0:
            line = self.source.line(number)
            if line.strip() and not line.lstrip().startswith("#"):
                start = len(line) - len(_BEFORE_KEY.sub("", line, count=1))
                return misspellings.glued_text(*self._line(number, start))
            number -= 1
        return None

    def _second_colon(self) -> Diagnostic:
        before = self.source.line(self.at.line)[: self.at.column - 1]
        if _AFTER_KEY.match(before):
            message = "a second `key: value` cannot stand on this line"
            return self._error("GC113", message, self.at, "quote the value, or put it in braces")
        text, span = self._line(self.at.line, len(before) - len(before.lstrip()))
        message = f"`{shown(text)}` is read as the rest of the value above it"
        return self._error("GC113", message, span, "indent it like the keys that it belongs to")

    def _flow(self) -> Diagnostic | None:
        """What goes wrong between brackets."""
        here = self._text(self.at)
        if "sequence entries are not allowed" in self.problem:
            before = self.source.line(self.at.line)[: self.at.column - 1].rstrip()
            if before.endswith(":"):
                return misspellings.dash(self.at, "")
            return self._error("GC110", "a value has ended before this `-`", self.at, _QUOTE_IT)
        notes = [Note(f"`{self.bracket}` is opened", self.opened)] if self.opened else []
        if "expected the node content" in self.problem:
            if here == "-":
                return misspellings.dash(self.at, self.bracket, tuple(notes))
            message = f"a value is missing before `{here}`" if here else "a value is missing"
            if here in ("]", "}") and not self.opened:
                message = f"`{here}` closes nothing"
            return self._error("GC110", message, self.at, None, notes)
        if self.opened and "but got" in self.problem:
            message = f"`,` or `{_CLOSERS[self.bracket]}` must stand before `{here}`"
            return self._error("GC110", message, self.at, None, notes)
        return None

    def _block(self) -> Diagnostic | None:
        """What goes wrong between lines."""
        here = shown(self._text(self.at))
        before = self.source.line(self.at.line)[: self.at.column - 1]
        if "directive" in self.context + self.problem or "incompatible YAML" in self.problem:
            return self._error("GC110", "this is no directive of YAML 1", self.at, "leave it out")
        if "document start" in self.problem:
            help = "indent all keys of the document alike"
            return self._error("GC110", f"the document has ended before `{here}`", self.at, help)
        if "expected <block end>" not in self.problem:
            return None
        if before.strip():
            message = f"a value has ended before `{here}`"
            return self._error("GC110", message, self.at, _QUOTE_IT)
        if glued := self._glued_above():
            return glued
        note = Note("the block begins", self.start)
        message = "this line is not indented like the lines of its block"
        return self._error("GC112", message, self.at, "indent it like the lines above it", [note])

    def _error(self, code: str, message: str, span: Span, help=None, notes=()) -> Diagnostic:
        return Diagnostic(code, message, span, tuple(notes), help)

    def _token(self, mark: yaml.Mark | None) -> Span:
        """The word or sign at a mark; the end of the text moves back to its last character."""
        if mark is None:
            return Span(self.source, 1, 1, 1, 2)
        number, column = mark.line + 1, mark.column
        while number > 1 and mark.index >= len(self.source.text) and not column:
            number -= 1
            column = len(self.source.line(number).rstrip())
        found = _TOKEN.match(self.source.line(number), column)
        whole = Span(self.source, number, column + 1, number, column + 1)
        return whole.part(0, len(found.group()) if found else 1)

    def _word(self, span: Span) -> Span:
        """From the start of a span to the next space, comma or bracket."""
        rest = self.source.line(span.line)[span.column - 1 :]
        found = re.match(r"\S[^\s,\[\]{}]*", rest)
        return span.part(0, found.end() if found else 1)

    def _line(self, number: int, start: int) -> tuple[str, Span]:
        """The text of a line from a column on, and its place."""
        text = re.sub(r"(^|\s)#.*", "", self.source.line(number)[start:]).rstrip()
        return text, Span(self.source, number, start + 1, number, start + 1 + max(1, len(text)))

    def _text(self, span: Span) -> str:
        return self.source.line(span.line)[span.column - 1 : span.end_column - 1]
