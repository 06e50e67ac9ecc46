"""From a path to a text: the file is there, may be read, and is text."""

from __future__ import annotations

import os
import re
from typing import NoReturn

from graphc.core.diagnostic import Diagnostic, SpecError, nearest, similar
from graphc.core.span import Source, Span, nowhere
from graphc.spec.bundled import names

MOST_BYTES = 10_000_000
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)


def read_source(path: str) -> Source:
    """The text of a file.

    Raises:
        SpecError: it is missing, a folder, not readable, too large or not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        _fail("GC100", f"the file `{path}` does not exist", nowhere(path), _neighbour(path))
    except IsADirectoryError:
        _fail("GC118", f"`{path}` is a folder", nowhere(path), "name a file in it")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        _fail("GC119", f"the file `{path}` cannot be read: {reason}", nowhere(path))
    return decode(data, path, os.path.dirname(path) or ".")


def decode(data: bytes, name: str, folder: str = ".") -> Source:
    """The bytes of a file as text; a byte order mark is dropped."""
    if len(data) > MOST_BYTES:
        too_large(nowhere(name))
    try:
        return Source(name, data.decode("utf-8-sig"), folder)
    except UnicodeDecodeError:
        raise _not_utf8(data, name) from None


def too_large(span: Span) -> NoReturn:
    """Raise the error for a text above the size that is read at all."""
    message = f"a spec has at most {MOST_BYTES // 1_000_000} MB, and this one is larger"
    _fail("GC117", message, span, "split it into files and join them with `use:`")


def _fail(code: str, message: str, span: Span, help: str | None = None) -> NoReturn:
    raise SpecError(Diagnostic(code, message, span, help=help))


def _neighbour(path: str) -> str | None:
    """A file beside the missing one with a similar name, or one that ships with graphc."""
    folder, name = os.path.split(path)
    try:
        beside = similar(name, os.listdir(folder or "."), "file")
    except (OSError, ValueError):
        beside = None
    shipped = {word: kind for kind in ("zoo", "specs") for word in names(kind)}
    word = nearest(name.removesuffix(".yaml"), shipped)
    return beside or (f"graphc has a spec `{shipped[word]}/{word}`" if word else None)


def _not_utf8(data: bytes, name: str) -> SpecError:
    """The error at the first byte that is not UTF-8."""
    save = "save the file as UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = "the file is UTF-16, and a spec is UTF-8"
        return SpecError(Diagnostic("GC116", message, nowhere(name), help=save))
    text = data.decode("utf-8-sig", errors="replace")
    try:
        data.decode("utf-8")
        start = 0
    except UnicodeDecodeError as error:
        start = error.start
    before = data[:start].decode("utf-8-sig")
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    span = Span(Source(name, text), line, column, line, column + 1)
    message = f"byte {start} of the file, 0x{data[start]:02X}, is not UTF-8"
    return SpecError(Diagnostic("GC116", message, span, help=save))


def check_characters(source: Source) -> None:
    """Raise at the first character that nobody can see, such as a NUL."""
    found = INVISIBLE.search(source.text)
    if found:
        line = source.text.count("\n", 0, found.start()) + 1
        column = found.start() - source.text.rfind("\n", 0, found.start())
        message = f"the character {character_name(found.group())} cannot stand in a spec"
        _fail("GC115", message, Span(source, line, column, line, column + 1), "remove it")


def character_name(character: str) -> str:
    """`U+0000`, for what cannot be printed."""
    return f"U+{ord(character[0]):04X}"
