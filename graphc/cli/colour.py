"""Colour, where somebody sees it: on terminals, unless NO_COLOR is set."""

from __future__ import annotations

import os
import sys

import click


def painted(text: str, *, err: bool = True, **style) -> str:
    """The text in a style of click's, if its stream is a terminal that wants colour."""
    stream = sys.stderr if err else sys.stdout
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain or not stream.isatty() else click.style(text, **style)
