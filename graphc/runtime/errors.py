"""Failures of the disk as diagnostics."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphc.core.diagnostic import Diagnostic, Note, RunError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_TEXTS = ("No space left on device", "Disk quota exceeded", "File too large")


def fail(code: str, message: str, help: str | None = None, notes: tuple[str, ...] = ()) -> RunError:
    """The error of a run, without a place in a spec."""
    texts = tuple(Note(text) for text in notes)
    return RunError(Diagnostic(code, message, notes=texts, help=help))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report what goes wrong while `path` is written.

    Raises:
        RunError: GC608 for a full disk, GC604 for a place that cannot be written.
    """
    try:
        yield
    except RunError:
        raise
    except OSError as error:
        if error.errno in _FULL or _says_full(error):
            raise _full(path) from error
        raise _unwritable(path, error.strerror or str(error)) from error
    except Exception as error:  # orbax wraps what the system said in its own types
        if not _says_full(error):
            raise
        raise _full(path) from error


def _says_full(error: BaseException | None) -> bool:
    while error is not None:
        if any(text in str(error) for text in _FULL_TEXTS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _full(path: Path) -> RunError:
    help = "free some space; `--resume` then continues from the last checkpoint"
    return fail("GC608", f"the disk is full: `{path}` could not be written", help)


def _unwritable(path: Path, reason: str) -> RunError:
    help = "choose a directory that you may write to"
    return fail("GC604", f"`{path}` cannot be written: {reason[:1].lower()}{reason[1:]}", help)
