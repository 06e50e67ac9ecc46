"""YAML text to a tree that knows its places.

PyYAML's pure-Python scanner and parser make events; the tree is put together here, with a list
of open containers instead of recursion, so that no text can exhaust Python's stack. No scalar
is resolved: `graphc.core.tree` reads them as YAML 1.2 does when a type is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from graphc.core import misspellings
from graphc.core.diagnostic import Diagnostic, Note, Report
from graphc.core.misspellings import shown
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree
from graphc.spec import files
from graphc.spec.files import decode as decode
from graphc.spec.files import read_source as read_source
from graphc.spec.yaml_errors import explain

MOST_DEPTH = 100
MOST_COPIES = 100_000
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s|#[^\n]*)*)*")
_TAG = re.compile(r"![^\s,\[\]{}]*")
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def read_file(path: str) -> Tree:
    """The tree of a YAML file; its `span.source` is the text.

    Raises:
        SpecError: with every problem that was found.
    """
    return read(read_source(path))


def read(source: Source) -> Tree:
    """The tree of a YAML text.

    Aliases become the value that their anchor marks, with its places. A byte order mark at the
    start of the text is dropped (and the spans then point into a source without it).

    Raises:
        SpecError: with every problem that was found.
    """
    if source.text.startswith("\ufeff"):
        source = Source(source.name, source.text[1:], source.folder)
    if len(source.text) > files.MOST_BYTES:
        files.too_large(Span(source, 0, 0, 0, 0))
    files.check_characters(source)
    composer = _Composer(source)
    composer.run()
    composer.report.stop()
    assert composer.root is not None
    return composer.root


@dataclass(eq=False)
class _Frame:
    """A list or mapping that is still open; a key that is none is kept as None.

    `key` is the nearest key above, `before` the number of values made before this one. What is
    `late` is reported only if the container is closed: otherwise it is a mere consequence.
    """

    is_mapping: bool
    flow: bool
    start: Span
    key: str | None
    anchor: str | None
    before: int
    end: Span
    keys: list[Scalar | None] = field(default_factory=list)
    values: list[Tree] = field(default_factory=list)
    late: list[Diagnostic] = field(default_factory=list)
    closed: bool = False
    height: int = 1


@dataclass(frozen=True)
class _Anchored:
    """What an anchor marks: a value with its size, or None while that is still open."""

    tree: Tree | None
    size: int
    height: int
    span: Span


class _Stop(Exception):
    """Ends the reading after a problem behind which nothing makes sense."""


class _Composer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.report = Report()
        self.root: Tree | None = None
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._values = 0
        self._copies = 0
        self._documents = 0

    def run(self) -> None:
        """Take every event; problems end up in the report."""
        loader = yaml.SafeLoader(self.source.text)
        try:
            while loader.check_event():
                self._take(loader.get_event())
        except _Stop:
            return
        except yaml.YAMLError as error:
            self._check_open()
            self._once(explain(error, self.source, self._opened()))
            return
        except (ValueError, OverflowError):
            self._unreadable_number(loader)
            return
        if self.root is None or misspellings.is_empty(self.root):
            place = Span(self.source, 1, 1, 1, 2)
            help = "begin with `graphc: 1` and `network:`"
            self.report.error("GC114", "there is nothing in this spec", place, help=help)

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    # Values

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        if event.anchor is not None or event.tag is not None:
            line, column = self._properties(event)
        if event.style in ("|", ">"):
            span = self._block_text(line, column, event)
        else:
            span = Span(self.source, line, column, end.line + 1, end.column + 1)
        scalar = Scalar(event.value, span, event.style is not None)
        if event.style == '"':
            self._check_escapes(scalar)
        if event.anchor is not None and event.tag is None and misspellings.is_empty(scalar):
            place = self._span(event)
            self.report.diagnostics.append(misspellings.anchor(f"&{event.anchor}", place))
        self._values += 1
        self._place(scalar, span, 0, event.anchor, 1)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if event.anchor is not None or event.tag is not None:
            line, column = self._properties(event)
        start = Span(self.source, line, column, line, column + 1)
        if len(self._frames) >= MOST_DEPTH:
            self._too_deep(start)
        if event.anchor is not None:
            self._mark(event.anchor, _Anchored(None, 0, 0, start))
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        key = self._key_above()
        frame = _Frame(is_mapping, event.flow_style, start, key, event.anchor, self._values, start)
        self._frames.append(frame)
        self._values += 1

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._frames.pop()
        frame.closed = True
        self.report.diagnostics += frame.late
        span = self._extent(frame, event.end_mark)
        tree = self._mapping(frame, span) if frame.is_mapping else self._sequence(frame, span)
        self._place(tree, span, frame.height, frame.anchor, self._values - frame.before)

    def _place(self, tree: Tree, span: Span, height: int, anchor: str | None, size: int) -> None:
        """Put a finished value where it belongs; a copy has another span than its tree."""
        if anchor is not None:
            self._mark(anchor, _Anchored(tree, size, height, tree.span))
        if not self._frames:
            self.root = tree
            if glued := misspellings.glued(tree):
                self.report.diagnostics.append(glued)
            return
        frame = self._frames[-1]
        frame.height = max(frame.height, height + 1)
        frame.end = span
        if frame.is_mapping and len(frame.keys) == len(frame.values):
            frame.keys.append(self._key(tree, frame))
        else:
            frame.values.append(tree)

    def _key(self, tree: Tree, frame: _Frame) -> Scalar | None:
        """The tree as a key, or None if it cannot be one."""
        if not isinstance(tree, Scalar):
            help = "quote it, if a text is meant"
            message = f"a {tree.kind} cannot be a key"
            frame.late.append(Diagnostic("GC102", message, tree.span, help=help))
        elif misspellings.is_empty(tree):
            self.report.error("GC102", "a key is missing before `:`", tree.span)
        elif tree.text == "<<" and not tree.quoted:
            help = "write the keys out, or make a block with `params:`"
            self.report.error("GC104", "`<<` cannot merge mappings in a spec", tree.span, help=help)
        else:
            return tree
        return None

    def _sequence(self, frame: _Frame, span: Span) -> Sequence:
        if frame.flow:
            self.report.diagnostics += misspellings.torn_items(frame.values, frame.key)
        if frame.key in misspellings.CHAINS:
            for item in frame.values:
                found = misspellings.glued(item)
                if found is None and frame.closed:
                    found = misspellings.run_on(item)
                self.report.diagnostics += [found] if found else []
        return Sequence(tuple(frame.values), span)

    def _mapping(self, frame: _Frame, span: Span) -> Mapping:
        entries = zip(frame.keys, frame.values, strict=frame.closed)
        pairs = [(key, value) for key, value in entries if key is not None]
        pieces: set[int] = set()
        if frame.flow:
            torn, pieces = misspellings.torn_entries(pairs)
            self.report.diagnostics += torn
        seen: dict[str, Scalar] = {}
        for index, (key, value) in enumerate(pairs):
            if index in pieces:
                continue
            if key.text in seen:
                note = Note(f"the first `{shown(key.text)}` stands", seen[key.text].span)
                message = f"the key `{shown(key.text)}` stands twice"
                self.report.error("GC101", message, key.span, notes=[note])
            elif frame.flow and misspellings.is_empty(value):
                found = misspellings.glued(key)
                self.report.diagnostics += [found] if found else []
            seen.setdefault(key.text, key)
        return Mapping(tuple(pairs), span)

    # Anchors, aliases and tags

    def _mark(self, anchor: str, value: _Anchored) -> None:
        known = self._anchors.get(anchor)
        if known is not None and (known.tree is not None or value.tree is None):
            note = Note(f"the first `&{anchor}` stands", known.span)
            message = f"the anchor `&{anchor}` stands twice"
            self.report.error("GC105", message, value.span, notes=[note])
        self._anchors[anchor] = value

    def _alias(self, event: yaml.AliasEvent) -> None:
        span, name = self._span(event), event.anchor
        known = self._anchors.get(name)
        if known is None:
            self.report.diagnostics.append(misspellings.alias(f"*{name}", span, self._anchors))
        elif known.tree is None:
            note = Note(f"`&{name}` begins", known.span)
            message = f"the alias `*{name}` stands inside what `&{name}` marks"
            self.report.error("GC105", message, span, notes=[note])
        if known is None or known.tree is None:
            self._place(Scalar(f"*{name}", span), span, 0, None, 1)
            return
        self._values += known.size
        self._copies += known.size
        if self._copies > MOST_COPIES:
            message = f"the aliases up to here make more than {MOST_COPIES:,} copies of values"
            self.report.error("GC106", message, span, help="use a block or `repeat`")
            raise _Stop
        if len(self._frames) + known.height > MOST_DEPTH:
            self._too_deep(span)
        self._place(known.tree, span, known.height, None, known.size)

    def _properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> tuple[int, int]:
        """Where the value behind an anchor or a tag begins; a tag is reported."""
        start, end = event.start_mark, event.end_mark
        text = self.source.text
        if event.tag is not None:
            index = text.index("!", start.index)
            line, column = self._after(start, index)
            tag = text[index : _end(_TAG, text, index)]
            self._tag(event, tag, Span(self.source, line, column, line, column + len(tag)))
        stop = end.index if isinstance(event, yaml.ScalarEvent) else len(text)
        return self._after(start, min(_end(_PROPERTIES, text, start.index), stop))

    def _tag(self, event: yaml.NodeEvent, text: str, span: Span) -> None:
        plain = isinstance(event, yaml.ScalarEvent) and event.style is None
        if plain and not text.startswith(("!!", "!<")):
            self.report.diagnostics.append(misspellings.tag(text, span))
            return
        help = "leave it out: what a value is follows from where it stands"
        self.report.error(
            "GC103", f"the tag `{shown(text)}` cannot stand in a spec", span, help=help
        )

    # Problems

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document begins here, and a spec is one"
            help = "make a file of each, and join them with `use:`"
            self.report.error("GC108", message, self._span(event), help=help)
            raise _Stop

    def _too_deep(self, span: Span) -> None:
        message = f"lists and mappings nest more than {MOST_DEPTH} deep here"
        self.report.error("GC107", message, span)
        raise _Stop

    def _check_escapes(self, scalar: Scalar) -> None:
        if found := _ESCAPED.search(scalar.text):
            name = files.character_name(found.group())
            message = f"an escape makes the character {name}, which cannot stand in a spec"
            self.report.error("GC115", message, scalar.span, help="remove it")

    def _unreadable_number(self, loader: yaml.SafeLoader) -> None:
        """An escape such as `\\UFFFFFFFF`, or a directive with a number of 5,000 digits."""
        line, column = loader.line + 1, loader.column + 1
        place = Span(self.source, line, column, line, column + 1)
        self._once(Diagnostic("GC110", "the number of this escape is too large", place))

    def _check_open(self) -> None:
        """Check what is there of the containers that an error leaves open."""
        for frame in self._frames:
            if frame.is_mapping:
                self._mapping(frame, frame.start)
            else:
                self._sequence(frame, frame.start)

    def _once(self, diagnostic: Diagnostic) -> None:
        """Report an error of syntax, unless a misspelling on its line has caused it."""
        misspelt = [each.span for each in self.report.errors if each.code.startswith("GC12")]
        lines = [span.line for span in misspelt if span]
        if diagnostic.span is None or diagnostic.span.line not in lines:
            self.report.diagnostics.append(diagnostic)

    # Places

    def _opened(self) -> Span | None:
        """The innermost open bracket."""
        for frame in reversed(self._frames):
            start = frame.start
            if frame.flow and self.source.line(start.line)[start.column - 1] in "[{":
                return start
        return None

    def _key_above(self) -> str | None:
        if not self._frames:
            return None
        frame = self._frames[-1]
        if not frame.is_mapping:
            return frame.key
        key = frame.keys[-1] if len(frame.keys) > len(frame.values) else None
        return key.text if key is not None else None

    def _extent(self, frame: _Frame, end: yaml.Mark) -> Span:
        """A block ends with its last value; PyYAML would include the blank lines after it."""
        if not frame.flow:
            return frame.start.to(frame.end)
        start = frame.start
        return Span(self.source, start.line, start.column, end.line + 1, end.column + 1)

    def _block_text(self, line: int, column: int, event: yaml.ScalarEvent) -> Span:
        """The place of a `|` or `>` text, without the blank lines after it."""
        text, end = self.source.text, event.end_mark.index
        while end > event.start_mark.index and text[end - 1] in " \t\r\n":
            end -= 1
        end_line, end_column = self._after(event.start_mark, end)
        return Span(self.source, line, column, end_line, end_column)

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _after(self, mark: yaml.Mark, index: int) -> tuple[int, int]:
        """The line and column of an offset at or behind a mark."""
        text = self.source.text
        lines = text.count("\n", mark.index, index)
        before = text.rfind("\n", mark.index, index) if lines else mark.index - mark.column - 1
        return mark.line + 1 + lines, index - before


def _end(pattern: re.Pattern, text: str, start: int) -> int:
    """The offset behind what a pattern matches at a place."""
    found = pattern.match(text, start)
    return found.end() if found else start
