"""What YAML reads without complaint, and as something else than was meant.

Each of these is an error of its own here, because what YAML makes of it would otherwise
show up as a puzzling error much later:

    {y: max(a, b)}      two entries, `y: max(a` and `b)`        GC120
    {einsum: i,i->}     the same of `i` and `i->`               GC120
    [f(a, b), c]        three items                             GC121
    y: !x               a tag on nothing                        GC122
    y: &x               an anchor on nothing                    GC123
    {dense:256}         one word                                GC124
    y: *x               an alias                                GC125
    y: - x              a list item                             GC126
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphc.core.diagnostic import Diagnostic, Note, similar
from graphc.core.span import Span
from graphc.core.tree import Scalar, Tree

GLUED = re.compile(r"([A-Za-z_][\w/]*):([^\s:/].*)", re.DOTALL)
TERM = re.compile(r"[A-Za-z]*(?:\s*->\s*[A-Za-z]*)?")
CHAINS = {"layers", "body", "branches"}
_MOST_PIECES = 64


def shown(text: str, most: int = 60) -> str:
    """A text on one line and not too long, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."


def quoted(text: str) -> str:
    """The text as a YAML string in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def is_empty(tree: Tree) -> bool:
    """Whether nothing was written: the value that YAML puts where there is none."""
    return isinstance(tree, Scalar) and not tree.quoted and not tree.text


def torn_entries(pairs: list[tuple[Scalar, Tree]]) -> tuple[list[Diagnostic], set[int]]:
    """The calls that `{ }` tore apart at a comma, and the entries that are their pieces."""
    found, pieces = [], set()
    for first, (key, value) in enumerate(pairs):
        if first in pieces:
            continue
        rest = [item if is_empty(empty) else None for item, empty in _next(pairs, first)]
        if parts := _call(value, rest) if _opens(value) else _equation(value, rest):
            pieces.update(range(first + 1, first + len(parts)))
            found.append(_torn("GC120", "{ }", "a value", parts, key.text))
    return found, pieces


def torn_items(items: list[Tree], key: str | None) -> list[Diagnostic]:
    """The calls that `[ ]` tore apart at a comma."""
    found, done = [], -1
    for first, item in enumerate(items):
        if first > done and _opens(item) and (parts := _call(item, _next(items, first))):
            done = first + len(parts) - 1
            found.append(_torn("GC121", "[ ]", "an item", parts, key))
    return found


def _next(several: list, first: int) -> list:
    return several[first + 1 : first + 1 + _MOST_PIECES]


def _opens(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and not tree.quoted and _balance(tree.text) > 0


def _balance(text: str) -> int:
    return text.count("(") - text.count(")")


def _call(first: Tree, rest: Iterable[Tree | None]) -> list[Scalar]:
    """`first` and what follows up to its last closing parenthesis; nothing if there is none."""
    parts: list[Scalar] = []
    depth = 0
    for piece in (first, *rest):
        if not isinstance(piece, Scalar) or piece.quoted:
            return []
        parts.append(piece)
        depth += _balance(piece.text)
        if depth <= 0:
            return parts
    return []


def _equation(first: Tree, rest: Iterable[Tree | None]) -> list[Scalar]:
    """The terms of an einsum up to the one with an arrow; nothing if they are none."""
    parts: list[Scalar] = []
    for piece in (first, *rest):
        if not isinstance(piece, Scalar) or piece.quoted or not TERM.fullmatch(piece.text):
            return []
        parts.append(piece)
        if "->" in piece.text:
            return parts if len(parts) > 1 else []
    return []


def _torn(code: str, brackets: str, what: str, parts: list[Scalar], key: str | None) -> Diagnostic:
    call = shown(", ".join(part.text for part in parts))
    message = f"a comma inside `{brackets}` ends {what}, so `{call}` falls apart"
    help = f"quote it, `{quoted(call)}`, or give it a line of its own"
    if key == "from":
        help = (
            f"`from` takes names: give the call a node of its own, `name: {call}`, and use `name`"
        )
    return Diagnostic(code, message, parts[0].span.to(parts[-1].span), help=help)


def tag(text: str, span: Span) -> Diagnostic:
    """`y: !x`."""
    message = f"a value that begins with `!` is a YAML tag, and `{shown(text)}` is none of a spec"
    help = "a formula has no `!`; quote a text that begins with it"
    return Diagnostic("GC122", message, span, help=help)


def anchor(text: str, span: Span) -> Diagnostic:
    """`y: &x`."""
    text = shown(text)
    name = text.lstrip("&")
    meant = f"write `{name}` for the value of `{name}`" if name else "a formula has no `&`"
    message = f"a value that begins with `&` is a YAML anchor, and `{text}` marks nothing"
    help = f"{meant}; quote a text that begins with `&`"
    return Diagnostic("GC123", message, span, help=help)


def alias(text: str, span: Span, anchors: Iterable[str]) -> Diagnostic:
    """`y: *x`."""
    text = shown(text)
    name = text.lstrip("*")
    help = similar(name, anchors, "anchor") if name else None
    message = f"a value that begins with `*` is a YAML alias, and `{text}` names no anchor"
    help = help or "a product needs a value on both sides of `*`"
    return Diagnostic("GC125", message, span, help=help)


def dash(span: Span, opened: str, notes: tuple[Note, ...] = ()) -> Diagnostic:
    """`y: - x`."""
    help = "write `-x` for the negative of `x`, or `[x]` for a list of one"
    if opened == "[":
        help = "inside `[ ]` items stand between commas, without `-`; the negative of `x` is `-x`"
    message = "a `-` and a space begin a list item, which cannot stand here"
    return Diagnostic("GC126", message, span, notes, help)


def glued(tree: Tree) -> Diagnostic | None:
    """`dense:256`, a key without a space after its colon, which is one word."""
    if not isinstance(tree, Scalar) or tree.quoted:
        return None
    span = tree.span
    if span.line == span.end_line:
        return glued_text(tree.text, span)
    line = span.source.line(span.line)[span.column - 1 :].rstrip()
    return glued_text(line, span.part(0, len(line)))


def glued_text(text: str, span: Span) -> Diagnostic | None:
    """The same for a text."""
    match = GLUED.fullmatch(text)
    if not match:
        return None
    message = f"`{shown(text)}` is one word, for its colon has no space after it"
    return Diagnostic("GC124", message, span, help=f"write `{match[1]}: {shown(match[2])}`")


def run_on(tree: Tree) -> Diagnostic | None:
    """An operation in a chain that YAML joined with the lines below it, for their indentation."""
    if not isinstance(tree, Scalar) or tree.quoted or tree.span.line == tree.span.end_line:
        return None
    number = tree.span.line + 1
    while not tree.span.source.line(number).strip():
        number += 1
    text = tree.span.source.line(number)
    start = len(text) - len(text.lstrip()) + 1
    span = Span(tree.span.source, number, start, number, len(text.rstrip()) + 1)
    message = f"`{shown(text)}` is read as the rest of the item above it"
    return Diagnostic("GC112", message, span, help="indent it like the items that it belongs to")
