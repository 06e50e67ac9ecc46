"""`--set path=values` of a search: several values with commas between them, or a range."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RANGE = re.compile(r"\s*(log:)?\s*([^\s\[\],{}]+?)\s*\.\.\s*([^\s\[\],{}]+)\s*")
_OPEN, _CLOSE = "[{(", "]})"


def as_search(settings: Iterable[str]) -> list[str]:
    """The settings, those with several values as parts of `search.over`; others as they are.

    Example:
        >>> as_search(["units=16,32", "rate=log:1e-4..1e-1", "train.epochs=5"])
        ['search.over.units=[16,32]', 'search.over.rate={log: [1e-4, 1e-1]}', 'train.epochs=5']
    """
    return [_as_search(each) for each in settings]


def _as_search(setting: str) -> str:
    path, equals, text = setting.partition("=")
    if not equals or path.strip().startswith("search."):
        return setting
    if found := _RANGE.fullmatch(text):
        word = "log" if found[1] else "range"
        return f"search.over.{path.strip()}={{{word}: [{found[2]}, {found[3]}]}}"
    return f"search.over.{path.strip()}=[{text.strip()}]" if _several(text) else setting


def _several(text: str) -> bool:
    """Whether there is a comma outside of brackets and quotes."""
    depth, quote = 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "," and not depth:
            return True
        else:
            depth += (letter in _OPEN) - (letter in _CLOSE)
    return False
