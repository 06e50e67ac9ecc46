"""A class or function of the user's: what can be seen of it in its file, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphc.build.modules import (
    find_installed,
    find_local,
    imported_module,
    name_taken,
    parse,
    taken_by,
)
from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.core.span import Span
from graphc.ops.user_code import CONTEXT, Python, Signature

Function = ast.FunctionDef | ast.AsyncFunctionDef
ROOTS = ("nnx.Module", "flax.nnx.Module", "nnx.Pytree", "object")
"""Classes without a constructor or a call of their own."""


def signature_of(operation: Python, folder: str, span: Span) -> Signature:
    """What can be seen of the definition that a step names at `span`; its file is in `folder`.

    Raises:
        SpecError: GC241 or GC243 for its file, GC242 where that lacks it, GC244 where what it takes
            is hidden.
    """
    return _Look(operation, folder, span).signature()


class _Look:
    """Looks at one definition."""

    def __init__(self, operation: Python, folder: str, span: Span) -> None:
        self.operation, self.folder, self.span = operation, folder, span

    def signature(self) -> Signature:
        """What can be seen of the definition."""
        given, word = self.operation.takes, self.operation.word
        place = _Place(self.operation.module, self._file())
        found = self._seek(word, place, top=True)
        if isinstance(found, _Found) and isinstance(found.node, Function):
            return Signature(False, _taken(found.node) if given is None else given, seeded=False)
        call: Function | _Hidden | None = HIDDEN
        init: Function | _Hidden | None = HIDDEN
        if isinstance(found, _Found):
            call, init = (self._method(each, found) for each in ("__call__", "__init__"))
        if call is None:
            raise self._error("GC242", f"`{word}` in `{place.path}` has no `__call__`")
        if given is None and call is HIDDEN:
            message = f"what a call of `{word}` takes cannot be seen without running it"
            raise self._error("GC244", message, "say it: `takes: []`, or `takes: [train, key]`")
        takes = _taken(call) if given is None else given
        is_class = isinstance(found, _Found) or word.lstrip("_")[:1].isupper()
        seeded = is_class and (init is HIDDEN or (init is not None and "rngs" in _parameters(init)))
        return Signature(is_class, takes, seeded)

    def _file(self) -> Path:
        module = self.operation.module
        top = module.split(".")[0]
        if self.operation.installed:
            found = find_installed(module)
            if found is None:
                raise self._error("GC241", f"no module `{module}` is installed")
            return found
        other, path = taken_by(self.folder, module), find_local(self.folder, module)
        if path is not None and other is not None:
            raise SpecError(name_taken(path, other, self.span))
        if path is not None:
            return path
        expected = Path(self.folder, *module.split(".")).with_suffix(".py")
        help = f"write it, or correct the name; `{self.operation.definition}` is read from there"
        if other is not None:
            help = f"`{top}` is {other}; if that is meant, write `installed: true`"
        elif expected.parent.is_dir():
            beside = [each.stem for each in expected.parent.glob("*.py")]
            help = similar(expected.stem, beside, "file") or help
        raise self._error("GC241", f"there is no file `{expected}`", help)

    def _seek(self, word: str, place: _Place, top: bool = False) -> _Found | _Hidden:
        """The statement that gives `word` its meaning in a module, imports followed."""
        statements = list(_statements(parse(place.path, self.span).body)) if place.readable else []
        for each in reversed(statements):
            if word not in _names(each):
                continue
            if isinstance(each, Function | ast.ClassDef):
                return _Found(each, place)
            if isinstance(each, ast.ImportFrom):
                return self._follow(each, word, place)
            return HIDDEN
        star = any("*" in _names(each) for each in statements)
        if top and place.readable and not star:
            known = [each.name for each in statements if isinstance(each, Function | ast.ClassDef)]
            help = similar(word, known, "definition")
            help = help or (f"it defines {listing(known)}" if known else None)
            raise self._error("GC242", f"`{place.path}` defines no `{word}`", help)
        return HIDDEN

    def _follow(self, node: ast.ImportFrom, word: str, place: _Place) -> _Found | _Hidden:
        module = imported_module(node, place.module, place.path.name == "__init__.py")
        path = None if self.operation.installed else find_local(self.folder, module)
        path = path or find_installed(module)
        if path is None or path == place.path:
            return HIDDEN
        name = next(each.name for each in node.names if word == (each.asname or each.name))
        return self._seek(name, _Place(module, path))

    def _method(self, name: str, owner: _Found, depth: int = 0) -> Function | _Hidden | None:
        """A method of a class; None where neither it nor what it is made from has one."""
        assert isinstance(owner.node, ast.ClassDef)
        for each in reversed(list(_statements(owner.node.body))):
            if isinstance(each, Function) and each.name == name:
                return each
        for base in owner.node.bases:
            if ast.unparse(base) in ROOTS:
                continue
            found = self._seek(base.id, owner.place) if isinstance(base, ast.Name) else HIDDEN
            if not isinstance(found, _Found) or isinstance(found.node, Function) or depth > 9:
                return HIDDEN
            if (method := self._method(name, found, depth + 1)) is not None:
                return method
        return None

    def _error(self, code: str, message: str, help: str | None = None) -> SpecError:
        return SpecError(Diagnostic(code, message, self.span, help=help))


@dataclass(frozen=True)
class _Place:
    module: str
    path: Path

    @property
    def readable(self) -> bool:
        """Whether it is Python, rather than compiled from another language."""
        return self.path.suffix == ".py"


@dataclass(frozen=True)
class _Found:
    node: Function | ast.ClassDef
    place: _Place


class _Hidden:
    """Only running the code would tell."""


HIDDEN = _Hidden()


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or a class, those below `if`, `try` and `with` included."""
    for each in body:
        yield each
        for part in ("body", "handlers", "orelse", "finalbody"):
            if not isinstance(each, Function | ast.ClassDef):
                yield from _statements(getattr(each, part, ()))


def _names(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a meaning, `*` for those nobody sees."""
    if isinstance(statement, Function | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).split(".")[0] for each in statement.names}
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {
        each.id
        for target in targets
        if target is not None
        for each in ast.walk(target)
        if isinstance(each, ast.Name)
    }


def _parameters(function: Function) -> list[str]:
    """The parameters that can be given by name."""
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _taken(function: Function) -> tuple[str, ...]:
    return tuple(each for each in CONTEXT if each in _parameters(function))
