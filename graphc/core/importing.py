"""Code of the user's, imported for one emitted module and for nobody else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def importing(folders: Iterable[str], files: Iterable[str]) -> Iterator[None]:
    """Let modules be imported from these folders; at the end folders and modules are forgotten.

    What imported them keeps them, so that two runs may have different modules of one name.

    Args:
        files: the Python files of the user's, by their paths in the folders.
    """
    names = {Path(each).parts[0].removesuffix(".py") for each in files}

    def theirs() -> dict[str, Any]:
        return {each: sys.modules[each] for each in sys.modules if each.split(".")[0] in names}

    before, path, bytecode = theirs(), list(sys.path), sys.dont_write_bytecode
    _forget(before)
    sys.path[:0] = folders
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, bytecode
        _forget(theirs())
        sys.modules.update(before)


def _forget(modules: Iterable[str]) -> None:
    for each in list(modules):
        del sys.modules[each]
