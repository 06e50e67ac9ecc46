"""The words and signs of a formula, and what to say about the signs that it does not have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from graphc.build.places import Places
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.misspellings import shown
from graphc.core.tree import Scalar

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<comparison>==|!=|<=|>=|<|>)"
    r"|(?P<sign>\*\*|//|[-+*/()=,.@$])",
    re.ASCII,
)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*")
_SPACE = " \t\n"
_LIKE = {
    "\N{MULTIPLICATION SIGN}": "*",
    "·": "*",
    "∙": "*",
    "⋅": "*",
    "÷": "/",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "²": "** 2",
    "³": "** 3",
}
_COMPARISONS = {
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
}
_HELP = {
    "%": "a formula has + - * / // and **",
    "&": "a product is written with `*`",
    "|": "the larger of two values is `maximum(a, b)`",
    "!": "a choice is `where(condition, a, b)`",
    "~": "a choice is `where(condition, a, b)`",
    "?": "a choice is `where(condition, a, b)`",
    "#": "a comment needs a space before `#`",
    ":": "a key needs a space after its colon",
    "{": "attributes of a call stand in its parentheses: `softmax(a, over=time)`",
    "}": "attributes of a call stand in its parentheses: `softmax(a, over=time)`",
}


@dataclass(frozen=True)
class Token:
    """A word, number or sign; `kind` is `number`, `name`, `end`, or the sign itself."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"`{shown(self.text, 40)}`"


def tokens(scalar: Scalar, places: Places) -> list[Token]:
    """The tokens of a formula with a last one of kind `end`.

    A path such as `vision/stem` is one name where it is called: only word characters and slashes
    stand from its beginning to a parenthesis. Everywhere else a slash divides.

    Raises:
        SpecError: at the first character that no formula has.
    """
    text = scalar.text
    found: list[Token] = []
    position, path_end = 0, 0
    while position < len(text):
        if text[position] in _SPACE:
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup == "comparison":
            _refuse(text, position, match, places, found)
        end, kind = match.end(), str(match.lastgroup)
        if kind == "name":
            if position >= path_end:
                path = _PATH.match(text, position)
                path_end = path.end() if path else end
                if text[path_end : path_end + 1] == "(" and not _is_member(found, position):
                    end = path_end
            if text[end : end + 1] > "\x7f" and text[end].isalnum():
                _not_ascii(text, position, places)
        found.append(
            Token(match.group() if kind == "sign" else kind, text[position:end], position, end)
        )
        position = end
    end = len(text.rstrip(_SPACE))
    return [*found, Token("end", "", end, end)]


def _is_member(found: list[Token], position: int) -> bool:
    """Whether a name belongs to a sign before it: a port, a parameter or an axis."""
    return bool(found) and found[-1].end == position and found[-1].kind in (".", "$", "@")


def _refuse(
    text: str, position: int, match: re.Match | None, places: Places, found: list[Token]
) -> NoReturn:
    """Raise the error for what cannot stand at a position."""
    character = text[position]
    span = places.span(position, match.end() if match else position + 1)
    if match is not None:
        message = f"a formula has no comparison, and here stands `{match.group()}`"
        help = f"write `{_COMPARISONS[match.group()]}(a, b)`; the larger of two is `maximum(a, b)`"
        raise SpecError(Diagnostic("GC157", message, span, help=help))
    if character in "[]":
        follows = bool(found) and (found[-1].kind in ("name", "number", ")"))
        if character == "[" and not follows:
            message = "a list cannot stand in a formula"
            help = "write the operation as a step, with its attributes in braces"
        else:
            message = "a formula has no indexing"
            help = "name the parts with `split: {into: [first, second]}`, and write `name.first`"
        raise SpecError(Diagnostic("GC155", message, span, help=help))
    if character == "{" and found and found[-1].kind == "$":
        help = "write `$name`, without braces"
        raise SpecError(Diagnostic("GC165", "`$` stands without a name", span, help=help))
    if character == "^":
        message = "`^` is not the power"
        raise SpecError(Diagnostic("GC156", message, span, help="write `**`"))
    if character in "'\"":
        end = text.find(character, position + 1) + 1 or len(text)
        span = places.span(position, end)
        message = "a formula has no texts in quotes"
        raise SpecError(Diagnostic("GC158", message, span, help="write a word without quotes"))
    if character > "\x7f" and character.isalpha():
        _not_ascii(text, position, places)
    message = f"`{character}` has no meaning in a formula"
    if not character.isprintable() or character.isspace():
        message = f"the character U+{ord(character):04X} has no meaning in a formula"
    help = f"write `{_LIKE[character]}`" if character in _LIKE else _HELP.get(character)
    raise SpecError(Diagnostic("GC151", message, span, help=help))


def _not_ascii(text: str, position: int, places: Places) -> NoReturn:
    """Raise the error for a name such as `β`."""
    end = position
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    word = text[position:end]
    message = f"the name `{shown(word)}` has letters other than a to z"
    help = "names are made of a to z, A to Z, 0 to 9 and _"
    raise SpecError(Diagnostic("GC160", message, places.span(position, end), help=help))
