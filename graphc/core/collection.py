"""Few searches for garbage in a command, and none while a spec is read and compiled.

Nearly all objects made there live to the end, like those of the libraries that are imported.
Looking for cycles among them again and again takes a third of the time of a spec of 10,000 nodes,
and grows faster than the spec.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
SELDOM = 50_000, 50, 100
"""New objects between two searches, and of how many searches one goes further back."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Python's cyclic garbage collector at work less often."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def without_collection(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, with Python's cyclic garbage collector at rest while it runs."""

    @functools.wraps(function)
    def run(*arguments: P.args, **named: P.kwargs) -> R:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*arguments, **named)
        finally:
            if enabled:
                gc.enable()

    return run
