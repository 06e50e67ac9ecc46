"""Whether a Python expression that does not fit on its line is to get parentheses.

They let the line break where the expression has no brackets, but opening the brackets it has looks
better; `need` and `is_offered` decide as ruff does. All expressions here are `bracketed` ones.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from graphc.emit.printing.parentheses import Level, Parens, level

Chain = ast.Attribute | ast.Call | ast.Subscript


class Need(Enum):
    """What an expression that does not fit on a line wants: nothing, parentheses if it breaks, or
    parentheses if they make it fit."""

    NOTHING = 0
    IF_BROKEN = 1
    IF_FITTING = 2


def need(node: ast.expr) -> Need:
    """What parentheses around `node` would be for."""
    match node:
        case ast.Name() | ast.Constant() | ast.JoinedStr():
            return Need.IF_FITTING
        case ast.Attribute() | ast.Call() | ast.Subscript():
            return Need.IF_BROKEN if links(node) > 1 else need(base(node))
        case ast.UnaryOp():
            return need(node.operand)
        case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp() | ast.Lambda():
            return Need.IF_BROKEN
        case ast.Starred() | ast.Slice():
            return Need.IF_BROKEN
    return Need.NOTHING


def base(node: Chain) -> ast.expr:
    """What an attribute is of, what a call calls, what a subscript is into."""
    return node.func if isinstance(node, ast.Call) else node.value


def links(node: ast.expr) -> int:
    """How often in a chain such as `a.b(c).d[e].f` an attribute is taken of a result.

    With two and more, ruff calls the chain fluent and breaks its lines before the dots.
    """
    count = 0
    while isinstance(node, Chain):
        inner = base(node)
        if isinstance(node, ast.Attribute):
            count += isinstance(inner, ast.Call | ast.Subscript | Parens)
        node = inner
    return count


def is_splittable(node: ast.expr) -> bool:
    """Whether a line may break somewhere in `node`."""
    match node:
        case ast.Name() | ast.Constant() | ast.JoinedStr() | ast.Slice():
            return False
        case ast.Tuple() | ast.List() | ast.Set():
            return bool(node.elts)
        case ast.Dict():
            return bool(node.values)
        case ast.Call():
            return bool(node.args or node.keywords) or isinstance(node.func, Parens)
        case ast.UnaryOp():
            return is_splittable(node.operand)
        case ast.Starred() | ast.Attribute():
            return is_splittable(node.value)
        case ast.Lambda():
            return is_splittable(node.body)
    return True


def has_brackets(node: ast.expr) -> bool:
    """Whether `node` ends with brackets of its own, or is in parentheses."""
    return isinstance(node, ast.Call | ast.Subscript) or is_display(node)


def is_display(node: ast.expr) -> bool:
    """Whether `node` starts and ends with its own brackets."""
    comprehensions = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    return isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict | comprehensions | Parens)


def is_offered(node: ast.expr) -> bool:
    """Whether parentheses around `node` are only an offer, since opening its brackets may do.

    ruff's rule: there are brackets, the loosest operator occurs once, and `node` starts or ends
    with brackets that can be opened (or has no operator but the dot).
    """
    survey = _Survey(node)
    if not survey.brackets or survey.count > 1:
        return False
    if survey.rank <= _DOT:
        return True
    return _can_open(survey.last) or _can_open(survey.first)


def _can_open(node: ast.expr | None) -> bool:
    if node is None or isinstance(node, ast.Subscript):
        return False
    return has_brackets(node) and is_splittable(node)


_DOT, _BOOLEAN, _CONDITIONAL = 1, 100, 101


class _Survey:
    """The loosest operator of an expression outside brackets, and its first and last operands."""

    def __init__(self, node: ast.expr) -> None:
        self.brackets = False
        self.rank = 0
        self.count = 0
        self.first: ast.expr | None = None
        self.last: ast.expr | None = None
        self.prefixed = False
        self.look_into(node)

    def operators(self, rank: int, count: int) -> None:
        if rank > self.rank:
            self.rank, self.count = rank, count
        elif rank == self.rank:
            self.count += count

    def visit(self, node: ast.expr) -> None:
        self.last = node
        self.look_into(node)
        if self.first is None and not self.prefixed:
            self.first = node

    def look_into(self, node: ast.expr) -> None:
        if is_display(node):
            self.brackets = True
        elif isinstance(node, ast.Call | ast.Subscript):
            self.brackets = True
            self.visit(base(node))
            self.last = node
        elif isinstance(node, ast.Attribute):
            self.visit(node.value)
            if has_brackets(node.value):
                self.operators(_DOT, 1)
            self.last = node
        else:
            self.look_at_operator(node)
            for operand in _operands(node):
                self.visit(operand)

    def look_at_operator(self, node: ast.expr) -> None:
        match node:
            case ast.BoolOp():
                self.operators(_BOOLEAN, len(node.values) - 1)
            case ast.Compare():
                self.operators(_rank(Level.COMPARE), len(node.ops))
            case ast.BinOp():
                self.operators(_rank(level(node)), 1)
            case ast.IfExp():
                self.operators(_CONDITIONAL, 2)
            case ast.UnaryOp() | ast.Lambda() | ast.Starred():
                self.prefixed = self.prefixed or self.first is None
                if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
                    self.operators(_rank(Level.UNARY), 1)


def _rank(tightness: Level) -> int:
    return _DOT + 1 + Level.ATOM - tightness


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp():
            yield from (node.body, node.test, node.orelse)
        case ast.Lambda():
            yield node.body
        case ast.BoolOp() | ast.Compare() | ast.BinOp() | ast.UnaryOp() | ast.Starred():
            yield from (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
