"""Python files of the user's: where a module is and what it imports, found without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from graphc.core.diagnostic import Diagnostic, Note, SpecError
from graphc.core.span import Source, Span

OF_A_RUN = ("model", "checkpoints")
"""What else a run's directory holds under these names."""


def find_local(folder: str, module: str) -> Path | None:
    """The file of a module in a folder: `a/b.py` for `a.b`, or `a/b/__init__.py`."""
    path = Path(folder, *module.split("."))
    found = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((each for each in found if each.is_file()), None)


def find_installed(module: str) -> Path | None:
    """The file of a module on Python's own path, no package of which is imported."""
    top, _, rest = module.partition(".")
    try:
        found = find_spec(top)
    except ValueError:  # a module that was made by hand
        return None
    if found is None or not rest:
        return Path(found.origin) if found is not None and found.origin else None
    places = (find_local(each, rest) for each in found.submodule_search_locations or ())
    return next((each for each in places if each is not None), None)


def taken_by(folder: str, module: str) -> str | None:
    """What else has the name of a file in this folder, if anything has."""
    top = module.split(".")[0]
    if top in OF_A_RUN:
        return "a part of the run's directory"
    if top in sys.stdlib_module_names:
        return "a module of Python's standard library"
    own = {Path(folder).resolve(), Path.cwd()}
    others = [each for each in sys.path if Path(each).resolve() not in own]
    found = PathFinder.find_spec(top, others)
    return "an installed module" if found is not None and found.origin else None


@cache
def _parsed(path: Path, changed: int) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def parse(path: Path, span: Span) -> ast.Module:
    """The syntax tree of a file; `span` is where the spec names it.

    Raises:
        SpecError: GC241 where it cannot be read.
    """
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except SyntaxError as error:
        reason, line = error.msg, error.lineno or 1
        notes = (Note("the mistake is", place(path, line)),)
    except (OSError, ValueError, RecursionError) as error:
        reason, notes = str(getattr(error, "strerror", None) or error).lower(), ()
    message = f"`{path}` cannot be read: {reason}"
    raise SpecError(Diagnostic("GC241", message, span, notes))


def place(path: Path, line: int) -> Span:
    """A line of a Python file."""
    try:
        source = Source(str(path), path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        source = Source(str(path), "")
    text = source.line(line)
    start = len(text) - len(text.lstrip()) + 1
    return Span(source, line, start, line, max(len(text.rstrip()), start) + 1)


def files_of(folder: str, module: str, span: Span) -> dict[str, Path]:
    """The files that run when a module of this folder is imported, by their paths in the folder.

    Args:
        span: where the spec names it.

    Raises:
        SpecError: GC241 where a file cannot be read, GC243 where another module has its name.
    """
    found: dict[str, Path] = {}
    waiting = [(each, ()) for each in _with_parents(module)]
    while waiting:
        each, notes = waiting.pop()
        path = find_local(folder, each)
        if path is None or str(path.relative_to(folder)) in found:
            continue
        if (other := taken_by(folder, each)) is not None:
            raise SpecError(name_taken(path, other, span, notes))
        found[str(path.relative_to(folder))] = path
        for name, line in _imports(parse(path, span), each, path.name == "__init__.py"):
            note = Note(f"`{name}` is imported", place(path, line))
            waiting += [(inner, (note,)) for inner in _with_parents(name)]
    return found


def name_taken(path: Path, other: str, span: Span, notes: tuple[Note, ...] = ()) -> Diagnostic:
    """GC243: a file of the user's hides, or is hidden by, another module."""
    message = f"`{path}` has the name of {other}"
    help = "rename the file"
    if other.startswith("an installed"):
        help += ", or write `installed: true` if the other is meant"
    return Diagnostic("GC243", message, span, notes, help)


def _with_parents(module: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c`: importing a module runs the packages around it."""
    parts = module.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)))


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, int]]:
    """The modules that a file may import, with the lines; `from a import b` may mean `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = imported_module(node, module, is_package)
            names = (f"{source}.{alias.name}".lstrip(".") for alias in node.names)
            yield from ((name, node.lineno) for name in names)


def imported_module(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The module behind `from`, a relative one worked out."""
    if not node.level:
        return node.module or ""
    up = node.level - is_package
    around = module.split(".")[: -up or None]
    return ".".join([*around, *([node.module] if node.module else [])])
