"""The emitted module as a Python module.

It runs from the file in the run directory, so that tracebacks, the debugger and the profiler show
its lines; only what was compiled in memory is registered with `linecache`.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from graphc.build.user_code import NO_CODE, UserCode
from graphc.core.importing import importing
from graphc.runtime.errors import fail

CONTRACT = 1
TRAINING = ("means", "init", "train_step", "evaluate_step")
_alive: weakref.WeakValueDictionary[str, ModuleType] = weakref.WeakValueDictionary()


def import_module(path: str | Path, files: Iterable[str] = ()) -> ModuleType:
    """The module in the file `path`; the same object while the same source is in use.

    Args:
        files: those beside it that belong to it; it may import the Python files among them.

    Raises:
        RunError: GC610 where it cannot be read or run, or follows another contract.
    """
    path = Path(path).absolute()
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise fail("GC610", f"`{path}` cannot be read: {reason}") from error
    linecache.checkcache(str(path))
    return _load(
        source,
        str(path),
        (str(path.parent),),
        {each: path.parent / each for each in files if each.endswith(".py")},
    )


def module_from_source(
    source: str, filename: str = "<graphc>", code: UserCode = NO_CODE
) -> ModuleType:
    """The module of a source that is in no file; tracebacks show its lines all the same.

    Args:
        code: what it may import.

    Raises:
        RunError: GC610, as for a file.
    """
    module = _load(source, filename, code.folders, dict(code.files))
    lines = source.splitlines(keepends=True)
    # Without a time of modification, `linecache.checkcache` leaves the entry alone.
    linecache.cache[filename] = (len(source), None, lines, filename)
    weakref.finalize(module, linecache.cache.pop, filename, None)
    return module


class _Shadow(ModuleType):
    """A module under its name, which goes when nobody uses it, and its entry with it."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(__file__=module.__file__, _module=weakref.ref(module))

    def __getattr__(self, word: str) -> object:
        module = self._module()
        if module is None:
            raise AttributeError(f"the module `{self.__name__}` is gone")
        return getattr(module, word)


def require_training(module: ModuleType) -> ModuleType:
    """`module`, if it has what training needs.

    Raises:
        RunError: GC610 where its spec had no `train` section.
    """
    missing = [name for name in TRAINING if not hasattr(module, name)]
    if missing:
        message = f"`{module.__file__}` has no `{missing[0]}`"
        raise fail("GC610", message, "add a `train` section to the spec")
    return module


def _load(
    source: str, filename: str, folders: Iterable[str], files: Mapping[str, Path]
) -> ModuleType:
    digest = hashlib.sha256(f"{filename}\0{source}".encode())
    for each in files.values():
        digest.update(b"\0" + each.read_bytes())
    name = f"graphc_module_{digest.hexdigest()[:16]}"
    if name in _alive:
        return _alive[name]
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = _Shadow(module)
    weakref.finalize(module, sys.modules.pop, name, None)
    try:
        with importing(folders, files):
            exec(compile(source, filename, "exec"), module.__dict__)
    except Exception as error:
        message = f"`{filename}` cannot be run: {type(error).__name__}: {error}"
        raise fail("GC610", message, "compile the spec again") from error
    found = getattr(module, "CONTRACT", None)
    if found != CONTRACT:
        message = f"`{filename}` follows version {found} of the contract, not {CONTRACT}"
        raise fail("GC610", message, "compile the spec again with this version of graphc")
    _alive[name] = module
    return module
