"""The emitted module, the whole on one page."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from graphc.core.span import Span
from graphc.emit.classes import Classes
from graphc.emit.imports import imports, library, library_definitions, user_imports
from graphc.emit.names import ModuleNames
from graphc.emit.printing.printer import Printed, print_module
from graphc.emit.training import functions
from graphc.graph.graph import RESERVED, identifiers
from graphc.plan.plan import Program

CONTRACT = 1
"""The version of docs/emitted-module.md."""

WIDTH = 100


@dataclass(frozen=True)
class Emitted:
    """The source of a program.

    Args:
        source: the text of the module.
        lines: for each line (from 1) that computes a node of the spec, or makes its module, the
            node's path and the place in the spec where it was written.
    """

    source: str
    lines: Mapping[int, tuple[str, Span]]


def emit(program: Program) -> Emitted:
    """Write a program as Flax source; the same program always gives the same text."""
    plan = program.plan
    names = ModuleNames(library(), program.steps, plan is not None and plan.round is not None)
    words = _words(program, names)
    training = plan.network if plan is not None and plan.round is not None else None
    classes = Classes(program.networks, words, names, training, program.followed)
    written = classes.write()
    own = [
        *written,
        *functions(program, classes.network_classes, words, classes.requirements),
    ]
    from_user = user_imports(own)
    copied = library_definitions(own)
    purpose = " for inference" if program.inference else ""
    docstring = f"{program.name}, written by graphc{purpose} from {program.origin}."
    head = [
        ast.Expr(ast.Constant(docstring)),
        *imports([*copied, *own]),
        *from_user,
        *ast.parse(f"CONTRACT = {CONTRACT}").body,
    ]
    above = "\n\n".join([_printed(head).text, *map(_of_library, copied), ""])
    printed, before = _printed(own), above.count("\n")
    lines = {line + before: classes.positions[tag] for line, tag in printed.lines.items()}
    return Emitted(above + printed.text, lines)


def _printed(statements: list[ast.stmt]) -> Printed:
    return print_module(ast.Module(statements, []), WIDTH)


@cache
def _of_library(definition: ast.stmt) -> str:
    """The text of a definition of the library, which is the same in every module."""
    return _printed([definition]).text


def _words(program: Program, names: ModuleNames) -> dict[str, str]:
    """What each network is called as an argument of another."""
    return identifiers(program.networks, RESERVED | names.reserved)
