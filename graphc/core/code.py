"""Target code written as code: parsed once into a tree, with `$name` for what is filled in later.

    linear = code("nnx.Linear($x.features, $features, use_bias=$bias, rngs=$rngs)", bias=True)
    linear.fill({"x.features": 4, "features": 8, "bias": True, "rngs": ...})

fills to `nnx.Linear(4, 8, rngs=...)`: a keyword argument whose hole has the value given as its
default is left out, so that the output says only what a person would write.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

_HOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_PREFIX = "_hole_"
Tree = TypeVar("Tree", bound=ast.AST)


class _Omit:
    def __repr__(self) -> str:
        return "OMIT"


OMIT = _Omit()
"""As a hole's value: leave the keyword argument out."""


@dataclass(frozen=True, eq=False)
class Code:
    """An expression with holes, parsed when it is first asked for.

    Args:
        text: as it was written.
        defaults: values for which a keyword argument is left out.
    """

    text: str
    defaults: dict[str, object]

    @cached_property
    def tree(self) -> ast.expr:
        """The parsed expression; holes are names that start with a reserved prefix."""
        return ast.parse(_HOLE.sub(rf"{_PREFIX}\1", self.text), mode="eval").body

    @cached_property
    def holes(self) -> frozenset[str]:
        """The names of the holes, `x.features` for a member of one."""
        found = {hole for node in ast.walk(self.tree) if (hole := _hole(node))}
        members = {hole.split(".")[0] for hole in found if "." in hole}
        bare = {_hole(node) for node in _outside_members(self.tree)}
        return frozenset(hole for hole in found if hole not in members or hole in bare)

    @cached_property
    def names(self) -> frozenset[str]:
        """The free names that are no holes (`nnx`, `jnp`, helper functions)."""
        names = {
            node.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and not node.id.startswith(_PREFIX)
        }
        return frozenset(names - _bound(self.tree))

    def uses(self, hole: str) -> bool:
        """Whether `$hole`, or a member of it, occurs."""
        return any(each.split(".")[0] == hole for each in self.holes)

    def count(self, hole: str) -> int:
        """In how many places `$hole`, or a member of it, occurs."""
        return sum(found.group(1) == hole for found in _HOLE.finditer(self.text))

    def fill(self, values: Mapping[str, object]) -> ast.expr:
        """The expression with every hole replaced.

        A value is an `ast.expr`, a literal (numbers, strings, tuples, lists, None), OMIT, or a
        list of `ast.expr` to be spliced into a list or an argument list. Literals keep the name
        of their hole in the attribute `hole`.
        """
        return _Filler(self, values).visit(copy_tree(self.tree))


def code(text: str, **defaults: object) -> Code:
    """`text`, an expression in which `$name` is a hole."""
    return Code(text, defaults)


def imported(module: str, word: str) -> ast.expr:
    """What `from module import word` gives; the emitter writes the import and picks the name."""
    return ast.Name(f"{module}:{word}", ast.Load())


def _bound(tree: ast.expr) -> set[str]:
    """The names that lambdas and comprehensions inside bind."""
    arguments = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        for argument in node.args.args
    }
    targets = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for target in ast.walk(node.target)
        if isinstance(target, ast.Name)
    }
    return arguments | targets


def copy_tree(tree: Tree) -> Tree:
    """A copy of a syntax tree with whatever its nodes carry; much faster than `copy.deepcopy`."""
    if isinstance(tree, ast.expr_context):
        return tree
    made = type(tree).__new__(type(tree))
    fields = vars(made)
    for field, value in vars(tree).items():
        if isinstance(value, ast.AST):
            value = copy_tree(value)
        elif isinstance(value, list):
            value = [copy_tree(each) if isinstance(each, ast.AST) else each for each in value]
        fields[field] = value
    return made


def literal(value: object, hole: str | None = None) -> ast.expr:
    """The expression of a plain value; `hole` says which hole it fills."""
    if isinstance(value, ast.expr):
        return value
    if isinstance(value, (tuple, list)):
        kind = ast.Tuple if isinstance(value, tuple) else ast.List
        node: ast.expr = kind([literal(item) for item in value], ast.Load())
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        node = ast.UnaryOp(ast.USub(), literal(-value))
    elif isinstance(value, float) and value == float("inf"):
        node = ast.parse("jnp.inf", mode="eval").body
    else:
        node = ast.Constant(value)
    if hole is not None:
        node.hole = hole  # type: ignore[attr-defined]
        node.value_of_hole = value  # type: ignore[attr-defined]
    return node


def _hole(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and node.id.startswith(_PREFIX):
        return node.id[len(_PREFIX) :]
    if isinstance(node, ast.Attribute) and (inner := _hole(node.value)):
        return f"{inner}.{node.attr}"
    return None


def _outside_members(tree: ast.AST):
    """Every node except the names inside `$x.member`."""
    if isinstance(tree, ast.Attribute) and _hole(tree):
        yield tree
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from _outside_members(child)


class _Filler(ast.NodeTransformer):
    def __init__(self, template: Code, values: Mapping[str, object]) -> None:
        self.template, self.values = template, values

    def value(self, name: str) -> object:
        if name not in self.values:
            raise KeyError(f"`{self.template.text}` needs a value for `${name}`")
        return self.values[name]

    def visit_Name(self, node: ast.Name) -> ast.expr | list[ast.expr]:
        name = _hole(node)
        if name is None:
            return node
        value = self.value(name)
        spliced = isinstance(value, list) and any(isinstance(item, ast.expr) for item in value)
        return value if spliced else literal(value, name)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        name = _hole(node)
        if name is not None and name in self.values:
            return literal(self.values[name], name)
        return self.generic_visit(node)  # `$self.kernel` is a member of what fills `$self`

    def visit_Call(self, node: ast.Call) -> ast.expr:
        kept = [keyword for keyword in node.keywords if not self._left_out(keyword)]
        node.keywords = kept
        return self.generic_visit(node)

    def _left_out(self, keyword: ast.keyword) -> bool:
        name = _hole(keyword.value)
        if name is None or name not in self.values:
            return False
        value = self.values[name]
        if value is OMIT:
            return True
        return name in self.template.defaults and _same(value, self.template.defaults[name])


def _same(value: object, default: object) -> bool:
    return not isinstance(value, ast.AST) and type(value) is type(default) and value == default
