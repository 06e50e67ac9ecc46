"""Parentheses around Python expressions: those that the grammar needs, not those for layout.

`bracketed` makes the first kind explicit, as `Parens` nodes, so that whoever prints the expression
need not know about precedence. For the second kind see `optional_parentheses`.
"""

from __future__ import annotations

import ast
from enum import IntEnum
from typing import TypeVar


class Parens(ast.expr):
    """An expression in parentheses."""

    _fields = ("value",)

    def __init__(self, value: ast.expr) -> None:
        super().__init__()
        self.value = value


class Level(IntEnum):
    """Precedence, the loosest first."""

    TEST = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARE = 4
    BIT_OR = 5
    BIT_XOR = 6
    BIT_AND = 7
    SHIFT = 8
    SUM = 9
    TERM = 10
    UNARY = 11
    POWER = 12
    ATOM = 13


OPERATORS: dict[type[ast.AST], tuple[str, Level]] = {
    ast.Or: ("or", Level.OR),
    ast.And: ("and", Level.AND),
    ast.Not: ("not", Level.NOT),
    ast.Eq: ("==", Level.COMPARE),
    ast.NotEq: ("!=", Level.COMPARE),
    ast.Lt: ("<", Level.COMPARE),
    ast.LtE: ("<=", Level.COMPARE),
    ast.Gt: (">", Level.COMPARE),
    ast.GtE: (">=", Level.COMPARE),
    ast.Is: ("is", Level.COMPARE),
    ast.IsNot: ("is not", Level.COMPARE),
    ast.In: ("in", Level.COMPARE),
    ast.NotIn: ("not in", Level.COMPARE),
    ast.BitOr: ("|", Level.BIT_OR),
    ast.BitXor: ("^", Level.BIT_XOR),
    ast.BitAnd: ("&", Level.BIT_AND),
    ast.LShift: ("<<", Level.SHIFT),
    ast.RShift: (">>", Level.SHIFT),
    ast.Add: ("+", Level.SUM),
    ast.Sub: ("-", Level.SUM),
    ast.Mult: ("*", Level.TERM),
    ast.MatMult: ("@", Level.TERM),
    ast.Div: ("/", Level.TERM),
    ast.FloorDiv: ("//", Level.TERM),
    ast.Mod: ("%", Level.TERM),
    ast.USub: ("-", Level.UNARY),
    ast.UAdd: ("+", Level.UNARY),
    ast.Invert: ("~", Level.UNARY),
    ast.Pow: ("**", Level.POWER),
}


def level(node: ast.expr) -> Level:
    """How tightly `node` holds together."""
    match node:
        case ast.Lambda() | ast.IfExp():
            return Level.TEST
        case ast.BoolOp() | ast.BinOp() | ast.UnaryOp():
            return OPERATORS[type(node.op)][1]
        case ast.Compare():
            return Level.COMPARE
        case ast.Constant(value=int() | float() as number) if str(number).startswith("-"):
            return Level.UNARY
    return Level.ATOM


Node = TypeVar("Node", bound=ast.AST)


def bracketed(node: Node) -> Node:
    """A copy of `node` with `Parens` around each part that would be misread without them."""
    if isinstance(node, ast.JoinedStr):
        return node  # it is text to everyone around it
    fields = dict(ast.iter_fields(node))
    for name, value in fields.items():
        if isinstance(value, list):
            fields[name] = [_part(node, name, part) for part in value]
        else:
            fields[name] = _part(node, name, value)
    return type(node)(**fields)


def _part(parent: ast.AST, field: str, part: object) -> object:
    if not isinstance(part, ast.AST) or isinstance(part, ast.stmt | ast.ExceptHandler):
        return part  # statements in the body of another one are copied on their own
    if isinstance(part, ast.expr) and _is_misread(parent, field, part):
        return Parens(bracketed(part))
    return bracketed(part)


def _is_misread(parent: ast.AST, field: str, part: ast.expr) -> bool:
    match parent, part:
        case ast.UnaryOp(), ast.BinOp(op=ast.Pow()):
            return True  # `-(x**2)`: ruff adds these
        case ast.Attribute(), ast.Constant(value=int() | float()):
            return not isinstance(part.value, bool)
    return level(part) < _least_level(parent, field)


def _least_level(parent: ast.AST, field: str) -> int:
    match parent:
        case ast.BinOp(op=ast.Pow()):
            return Level.ATOM if field == "left" else Level.UNARY
        case ast.BinOp():
            return level(parent) + (field == "right")
        case ast.BoolOp() | ast.Compare():
            return level(parent) + 1
        case ast.UnaryOp():
            return level(parent)
        case ast.IfExp():
            return Level.TEST if field == "orelse" else Level.OR
        case ast.Starred():
            return Level.BIT_OR
        case ast.comprehension():
            return Level.OR
        case ast.Attribute() | ast.Subscript() if field == "value":
            return Level.ATOM
        case ast.Call() if field == "func":
            return Level.ATOM
    return Level.TEST
