"""What is wrong with a spec: a code, a message, a place, notes and a way out.

The format follows the Rust compiler's: the message says what is wrong, the notes say how it
came about, and only `help` says what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from graphc.core.span import Span


@dataclass(frozen=True)
class Note:
    """A sentence about another place: `text at span`, then what is left to say."""

    text: str
    span: Span | None = None
    rest: str = ""

    def __str__(self) -> str:
        located = self.span is not None and self.span.line > 0
        return (f"{self.text} at {self.span}" if located else self.text) + self.rest


@dataclass(frozen=True)
class Diagnostic:
    """One problem of a spec or of a run."""

    code: str
    message: str
    span: Span | None = None
    notes: tuple[Note, ...] = ()
    help: str | None = None
    severity: str = "error"

    @property
    def located(self) -> bool:
        return self.span is not None and self.span.line > 0

    def as_dict(self) -> dict:
        """The form that `--format json` prints."""
        span = self.span if self.located else None
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.span.source.name if self.span else None,
            "line": span.line if span else None,
            "column": span.column if span else None,
            "end_column": _end_column(span) if span else None,
            "notes": [str(note) for note in self.notes],
            "help": self.help,
        }

    def __str__(self) -> str:
        return render(self)


class GraphcError(Exception):
    """Everything graphc raises on purpose.

    Attributes:
        diagnostics: the problems, in the order of their places.
        status: the exit status of a command that ends with it (2: the spec or usage; 1: the run).

    Example:
        >>> error = GraphcError(Diagnostic("GC212", "`dense` needs `features`"))
        >>> [each.code for each in error.diagnostics]
        ['GC212']
    """

    status = 2

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        several = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        self.diagnostics = sorted(dict.fromkeys(several), key=_place)
        super().__init__("\n".join(render(each) for each in self.diagnostics))


class SpecError(GraphcError):
    """A spec, or what was asked of it, is wrong.

    Example:
        >>> import graphc
        >>> graphc.check("nowhere.yaml")
        Traceback (most recent call last):
            ...
        graphc.core.diagnostic.SpecError: error[GC100]: the file `nowhere.yaml` does not exist
        --> nowhere.yaml
    """


class RunError(GraphcError):
    """A run failed: the data, the disk or the numbers.

    Example:
        >>> RunError(Diagnostic("GC608", "the disk is full")).status
        1
    """

    status = 1


class InternalError(Exception):
    """A fault of graphc itself: an operation or a pass broke its contract."""


@dataclass
class Report:
    """Collects problems so that all of them are shown at once."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        notes: Iterable[Note] = (),
        help: str | None = None,
        severity: str = "error",
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, span, tuple(notes), help, severity))

    def warn(self, code: str, message: str, span: Span | None = None, **more) -> None:
        self.error(code, message, span, severity="warning", **more)

    @property
    def errors(self) -> list[Diagnostic]:
        return [each for each in self.diagnostics if each.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        return [each for each in self.diagnostics if each.severity != "error"]

    def attempt(self, action: Callable, *arguments, default=None):
        """Run `action`; what it reports by raising is collected and `default` returned."""
        try:
            return action(*arguments)
        except SpecError as error:
            self.diagnostics.extend(error.diagnostics)
            return default

    def stop(self) -> None:
        """Raise if there was an error."""
        if self.errors:
            raise SpecError(self.errors)


def similar(name: str, known: Iterable[str], what: str) -> str | None:
    """A statement that suggests the nearest of `known`, or None."""
    found = nearest(name, known)
    article = "an" if what[0] in "aeiou" else "a"
    return f"{article} {what} with a similar name exists: `{found}`" if found else None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant: one that begins so, or that is spelt almost so."""
    several = list(known)
    begun = [each for each in several if len(name) > 2 and each.startswith(name.lower())]
    found = sorted(begun, key=len) or difflib.get_close_matches(name.lower(), several, 1, 0.6)
    return found[0] if found else None


def listing(names: Iterable[str], most: int = 12) -> str:
    """Names in backticks, comma separated, cut after `most`."""
    several = list(names)
    shown = ", ".join(f"`{name}`" for name in several[:most])
    return f"{shown}, ... ({len(several)} in all)" if len(several) > most else shown


def render(diagnostic: Diagnostic) -> str:
    """The text of a diagnostic with the line it points at."""
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    span = diagnostic.span
    margin = ""
    if span is not None and diagnostic.located:
        margin = " " * len(str(span.line))
        text = span.source.line(span.line).replace("\t", " ")
        width = max(1, _end_column(span) - span.column)
        lines += [
            f"{margin}--> {span}",
            f"{margin} |",
            f"{span.line} | {text}"[:200].rstrip(),
            f"{margin} | {' ' * (span.column - 1)}{'^' * width}"[:200],
        ]
    elif span is not None:
        lines.append(f"--> {span.source.name}")
    lines += [f"{margin} = note: {note}" for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(f"{margin} = help: {diagnostic.help}")
    return "\n".join(lines)


def _end_column(span: Span) -> int:
    """The end on the span's first line."""
    if span.end_line == span.line:
        return max(span.end_column, span.column + 1)
    return max(len(span.source.line(span.line)) + 1, span.column + 1)


def _place(diagnostic: Diagnostic) -> tuple:
    span = diagnostic.span
    return (span.source.name, span.line, span.column) if span else ("", 0, 0)
