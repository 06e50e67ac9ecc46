"""Ctrl-C and SIGTERM as a wish to stop, granted between two dispatches."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CAUGHT = (signal.SIGINT, signal.SIGTERM)
_around: list[StopWish] = []


class StopWish:
    """Whether a stop was asked for: `wish()` is the reason, or None."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def __call__(self) -> str | None:
        return self.reason


@contextmanager
def stop_on_signals() -> Iterator[StopWish]:
    """While inside, the first signal makes the wish; a second one acts as it always did.

    Inside of another it is the same wish: that of a whole search, of which a run is a part. Signals
    reach the main thread only: elsewhere the wish is never made.
    """
    wish = StopWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    if _around:
        yield _around[-1]
        return
    before = {each: signal.getsignal(each) for each in _CAUGHT}

    def ask(number: int, _: object) -> None:
        wish.reason = signal.Signals(number).name
        for each, handler in before.items():
            signal.signal(each, handler)

    try:
        _around.append(wish)
        for each in _CAUGHT:
            signal.signal(each, ask)
        yield wish
    finally:
        _around.remove(wish)
        for each, handler in before.items():
            signal.signal(each, handler)
