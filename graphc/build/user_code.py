"""The step `python`: its file is found and looked at, and never run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from graphc.build import syntax
from graphc.build.definitions import signature_of
from graphc.build.modules import files_of
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.span import Span
from graphc.core.tree import Mapping
from graphc.core.types import Type
from graphc.ops.user_code import Python, is_argument


@dataclass(frozen=True)
class Use:
    """A step that runs code of the user's.

    Args:
        operation: the step.
        types: of its values.
        folder: where its file is.
        span: where it was written.
    """

    operation: Python
    types: tuple[Type, ...]
    folder: str
    span: Span


@dataclass(frozen=True)
class UserCode:
    """All code of the user's that a spec runs.

    Args:
        uses: the steps.
        files: the Python files, by their paths in the folder they are imported from.
    """

    uses: tuple[Use, ...] = ()
    files: tuple[tuple[str, Path], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.uses)

    @property
    def definitions(self) -> tuple[str, ...]:
        """What the steps name, each once."""
        return tuple(dict.fromkeys(use.operation.definition for use in self.uses))

    @property
    def names(self) -> tuple[str, ...]:
        """The files by their paths in the folders."""
        return tuple(name for name, _ in self.files)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders to import from."""
        own = (use.folder for use in self.uses if not use.operation.installed)
        return tuple(dict.fromkeys(os.path.abspath(each) for each in own))


NO_CODE = UserCode()


def user_code(uses: Iterable[Use], report: Report) -> UserCode:
    """The uses with their files, and those that these import."""
    files: dict[str, Path] = {}
    uses = tuple(dict.fromkeys(uses))
    for use in uses:
        if not use.operation.installed:
            found = report.attempt(files_of, use.folder, use.operation.module, use.span, default={})
            for name, path in found.items():
                other = files.setdefault(name, path)
                if other.resolve() != path.resolve():
                    message = f"`{other}` and `{path}` would be one module"
                    report.error("GC243", message, use.span, help="rename one of them")
    return UserCode(uses, tuple(sorted(files.items())))


def folder_of(step: syntax.Step, allowed: bool | str) -> str:
    """Where the file of a step is: beside the one with the step, unless `allowed` says where."""
    return allowed if isinstance(allowed, str) else step.operation_span.source.folder


def resolved(operation: Python, step: syntax.Step, allowed: bool | str) -> Python:
    """The operation with what can be seen of its definition.

    Raises:
        SpecError: GC240 where no such code is allowed, GC241 to GC244, and GC214 for values whose
            names no argument can have.
    """
    if allowed is False:
        message = f"`{operation.definition}` is code beside the spec, which is refused here"
        help = "leave `--no-python` out where you trust that code"
        raise SpecError(Diagnostic("GC240", message, step.operation_span, help=help))
    names = tuple(sorted(step.sources)) if isinstance(step.sources, dict) else ()
    _check_names(operation, names, step)
    seen = signature_of(operation, folder_of(step, allowed), _place(step))
    return replace(operation, names=names, seen=seen)


def _check_names(operation: Python, names: Iterable[str], step: syntax.Step) -> None:
    given = {word for word, _ in operation.arguments}
    for name in names:
        message = None if is_argument(name) else f"`{name}` cannot be the name of an argument"
        if name in given:
            message = f"the argument `{name}` is given twice"
        if message is not None:
            help = "values that `from` names go to the arguments of these names"
            raise SpecError(Diagnostic("GC214", message, step.sources_span, help=help))


def _place(step: syntax.Step) -> Span:
    """Where the definition is named."""
    tree = step.attributes
    tree = tree.get("definition") if isinstance(tree, Mapping) else tree
    return tree.span if tree is not None else step.operation_span
