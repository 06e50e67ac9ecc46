"""Functions of the emitted module, as templates and what fills the holes of these."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphc.core.code import copy_tree
from graphc.emit.templates import TEMPLATES


@dataclass(frozen=True)
class Functions:
    """Some functions of the module.

    Args:
        names: which, in their order.
        values: what fills the holes of their templates.
        templates: those that are not the usual ones.
        constants: what the functions name, to stand before all functions of the module.
    """

    names: tuple[str, ...]
    values: Mapping[str, ast.expr]
    templates: Mapping[str, ast.FunctionDef] = field(default_factory=dict)
    constants: tuple[ast.stmt, ...] = ()

    def definitions(self) -> Iterator[ast.stmt]:
        """The functions, filled in."""
        holes, templates = _Holes(self.values), TEMPLATES | dict(self.templates)
        return (holes.visit(copy_tree(templates[word])) for word in self.names)


class _Holes(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)
