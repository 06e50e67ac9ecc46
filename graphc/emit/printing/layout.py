"""Documents that know where their lines may break, and the choice of the breaks.

A document is text with possible breaks in it. It is laid out from left to right: a `Group` stays on
the line if it fits there and opens up otherwise, and then each group inside it chooses again. To
"fit" means that the text up to the next break that is certain to be taken stays within the width.

Three things are peculiar to formatting Python as `ruff format` does, and none of them knows Python:

- A line may end inside brackets only. `Room` says of each place whether brackets are around it;
  breaks and groups marked `inside` are inert where there are none.
- Brackets may be added only to make room (`Offer`, `Wrap`, `Rescue`). An offer is turned down when
  the brackets that the text has anyway can be opened instead.
- To find that out, brackets within an offer are measured as if they were open (`Overflow`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
from unicodedata import combining, east_asian_width

INDENT = 4


class Room(Enum):
    """What a place in the text has around it: no brackets, brackets not taken up, or brackets."""

    OUTSIDE = 0
    OFFERED = 1
    INSIDE = 2


@dataclass(frozen=True)
class Line:
    """A break in an open group, `flat` in a closed one (None: a break in either)."""

    flat: str | None = " "
    inside: bool = False


@dataclass(frozen=True)
class Indent:
    """`doc`, whose lines, save the one it starts on, are indented further."""

    doc: Doc


@dataclass(frozen=True)
class Group:
    """`doc` on one line if it fits, with its breaks taken otherwise, or if `open`."""

    doc: Doc
    inside: bool = False
    open: bool = False


@dataclass(frozen=True)
class IfOpen:
    """`doc` if the group around it is open, nothing otherwise."""

    doc: Doc
    inside: bool = False


@dataclass(frozen=True)
class Inside:
    """`doc` between brackets that are always there."""

    doc: Doc


@dataclass(frozen=True)
class Overflow:
    """A part that, measured as part of a closed line, counts as open and as never too long."""

    doc: Doc
    if_offered: bool = False


@dataclass(frozen=True)
class Offer:
    """Parentheses if the text does not fit even when the brackets in it are opened."""

    doc: Doc


@dataclass(frozen=True)
class Wrap:
    """Parentheses if the text does not fit on the line."""

    doc: Doc


@dataclass(frozen=True)
class Rescue:
    """Parentheses if the text does not fit on the line and does fit within them."""

    doc: Doc


@dataclass(frozen=True)
class First:
    """The first of `docs` that fits on a closed line, or the last one."""

    docs: tuple[Doc, ...]


Doc = (
    str
    | tuple["Doc", ...]
    | Line
    | Indent
    | Group
    | IfOpen
    | Inside
    | Overflow
    | Offer
    | Wrap
    | Rescue
    | First
)

SOFT = Line("")
HARD = Line(None)


def join(separator: Doc, docs: list[Doc]) -> tuple[Doc, ...]:
    """`docs` with `separator` between them."""
    return tuple(part for doc in docs for part in (separator, doc))[1:]


def columns(text: str) -> int:
    """How many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


class Span(Enum):
    """How far a measurement goes: to the first break, through all of them, or with no limit."""

    LINE = 0
    ALL = 1
    UNLIMITED = 2


class Frame(NamedTuple):
    """Where a document stands."""

    indent: int
    open: bool = True
    room: Room = Room.OUTSIDE
    span: Span = Span.LINE

    def breaks(self, line: Line) -> bool:
        """Whether `line`, standing here, ends the line."""
        if line.inside and self.room is not Room.INSIDE:
            return False
        return self.open or line.flat is None


Task = tuple[Frame, Doc]


def layout(doc: Doc, width: int, indent: int = 0) -> str:
    """The text of `doc` in lines of at most `width`, the first at `indent` (not in the text)."""
    return _Layout(doc, width, indent).run()


class _Layout:
    """The work in progress: the text so far and the documents still to come, the next one last."""

    def __init__(self, doc: Doc, width: int, indent: int) -> None:
        self.width = width
        self.column = indent
        self.tasks: list[Task] = [(Frame(indent), doc)]

    def run(self) -> str:
        text: list[str] = []
        while self.tasks:
            frame, doc = self.tasks.pop()
            if isinstance(doc, Line) and frame.breaks(doc):
                text.append("\n" + " " * frame.indent)
                self.column = frame.indent
            elif isinstance(doc, str | Line):
                text.append(doc if isinstance(doc, str) else doc.flat or "")
                self.column += columns(text[-1])
            else:
                self.tasks += reversed(self.unfold(frame, doc, measuring=False))
        return "".join(text)

    def fits(self, tasks: list[Task]) -> bool:
        """Whether `tasks`, and after them what comes up to a break, stay within the width."""
        column, pending, following = self.column, tasks[::-1], len(self.tasks)
        while pending or following:
            if not pending:
                following -= 1
                pending.append(self.tasks[following])
            frame, doc = pending.pop()
            if isinstance(doc, Line) and frame.breaks(doc):
                if frame.span is Span.LINE or not frame.open:
                    return True
                column = frame.indent
            elif isinstance(doc, str | Line):
                column += columns(doc if isinstance(doc, str) else doc.flat or "")
                if column > self.width and frame.span is not Span.UNLIMITED:
                    return False
            else:
                pending += reversed(self.unfold(frame, doc, measuring=True))
        return True

    def unfold(self, frame: Frame, doc: Doc, measuring: bool) -> list[Task]:
        """The parts of `doc`, each with where it stands once the choices for it are made."""
        match doc:
            case tuple():
                return [(frame, part) for part in doc]
            case Indent():
                return [(frame._replace(indent=frame.indent + INDENT), doc.doc)]
            case IfOpen():
                shown = frame.open and not (doc.inside and frame.room is not Room.INSIDE)
                return [(frame, doc.doc)] if shown else []
            case Inside():
                return [(frame._replace(room=Room.INSIDE), doc.doc)]
            case Overflow():
                return [(self.overflowing(frame, doc, measuring), doc.doc)]
            case Group():
                return [(self.grouped(frame, doc, measuring), doc.doc)]
            case Offer():
                return self.either(frame, _flat(frame, doc.doc, Room.OFFERED), doc.doc, measuring)
            case Wrap():
                return self.either(frame, _flat(frame, doc.doc, Room.INSIDE), doc.doc, measuring)
            case Rescue():
                return self.rescued(frame, doc.doc, measuring)
            case First():
                return self.first(frame, doc.docs, measuring)
        raise TypeError(f"not a document: {doc!r}")

    def overflowing(self, frame: Frame, doc: Overflow, measuring: bool) -> Frame:
        if frame.open or (doc.if_offered and frame.room is not Room.OFFERED):
            return frame
        return frame._replace(open=True, span=Span.UNLIMITED if measuring else frame.span)

    def grouped(self, frame: Frame, doc: Group, measuring: bool) -> Frame:
        if doc.inside and frame.room is not Room.INSIDE:
            return frame
        if doc.open:
            return frame._replace(open=True)
        flat = frame._replace(open=False)
        fits = not frame.open or (not measuring and self.fits([(flat, doc.doc)]))
        return flat if fits else frame

    def either(self, frame: Frame, flat: Task, doc: Doc, measuring: bool) -> list[Task]:
        """`flat` if that fits, `doc` in parentheses otherwise."""
        if not frame.open or (not measuring and self.fits([flat])):
            return [flat]
        return _parenthesized(frame, doc)

    def rescued(self, frame: Frame, doc: Doc, measuring: bool) -> list[Task]:
        flat = _flat(frame, doc, Room.OFFERED)
        if not frame.open or (not measuring and self.fits([flat])):
            return [flat]
        if measuring:
            return [(frame._replace(room=Room.INSIDE), doc)]
        whole = _parenthesized(frame._replace(span=Span.ALL), doc)
        return _parenthesized(frame, doc) if self.fits(whole) else [flat]

    def first(self, frame: Frame, docs: tuple[Doc, ...], measuring: bool) -> list[Task]:
        if not frame.open:
            return [(frame, docs[0])]
        for doc in () if measuring else docs[:-1]:
            flat = (frame._replace(open=False), doc)
            if self.fits([flat]):
                return [flat]
        return [(frame, docs[-1])]


def _flat(frame: Frame, doc: Doc, room: Room) -> Task:
    return frame._replace(open=False, room=room), doc


def _parenthesized(frame: Frame, doc: Doc) -> list[Task]:
    inner = frame._replace(open=True, indent=frame.indent + INDENT, room=Room.INSIDE)
    return [(frame, "("), (inner, SOFT), (inner, doc), (frame, SOFT), (frame, ")")]
