"""One process for each run directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from graphc.runtime.errors import fail, writing

NAME = "lock"


class Lock:
    """Holds a directory until `release`, or until the process ends, however it ends.

    The operating system lets go of the lock of a dead process, so there are no stale ones: the
    file may stay, only the lock on it counts.

    Raises:
        RunError: GC609 where another process holds it.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / NAME
        with writing(path):
            file = path.open("a+", encoding="utf-8")
        if not _try_lock(file):
            file.seek(0)
            holder = file.read().strip()
            file.close()
            process = f"the process {holder}" if holder else "another process"
            help = "wait for it to end, or name another directory"
            raise fail("GC609", f"`{directory}` is in use by {process}", help)
        with writing(path):
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        self._file: IO | None = file

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def is_held(directory: Path) -> bool:
    """Whether a process holds the directory at this moment."""
    try:
        with (directory / NAME).open(encoding="utf-8") as file:
            return not _try_lock(file)
    except OSError:
        return False


def _try_lock(file: IO) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_lock_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_lock_on_windows(file: IO) -> bool:
    import msvcrt

    try:
        # A byte past the text, which stays readable for the message.
        file.seek(1024)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
