"""Small words for making syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

Part = str | int | ast.expr


def name(word: str) -> ast.Name:
    """`word`, read."""
    return ast.Name(word, ast.Load())


def target(words: Sequence[str]) -> ast.expr:
    """What is assigned to: `word`, or `word, other`."""
    names: list[ast.expr] = [ast.Name(word, ast.Store()) for word in words]
    return names[0] if len(names) == 1 else ast.Tuple(names, ast.Store())


def attribute(owner: str, word: str) -> ast.Attribute:
    """`owner.word`."""
    return ast.Attribute(name(owner), word, ast.Load())


def assign(words: str | Sequence[str], value: ast.expr) -> ast.Assign:
    """`words = value`."""
    return ast.Assign([target([words] if isinstance(words, str) else words)], value, lineno=0)


def set_attribute(word: str, value: ast.expr) -> ast.Assign:
    """`self.word = value`."""
    return ast.Assign([ast.Attribute(name("self"), word, ast.Store())], value, lineno=0)


def call(
    function: str | ast.expr, arguments: Iterable[ast.expr] = (), **keywords: ast.expr
) -> ast.Call:
    """`function(arguments, keyword=...)`."""
    called = name(function) if isinstance(function, str) else function
    named = [ast.keyword(word, value) for word, value in keywords.items()]
    return ast.Call(called, list(arguments), named)


def part(value: Part) -> ast.expr:
    """A string, a number or an expression as an expression."""
    return value if isinstance(value, ast.expr) else ast.Constant(value)


def parameters(
    positional: Iterable[str], keywords: Iterable[tuple[str, object]] = ()
) -> ast.arguments:
    """The parameters of a function; a keyword with the default `...` is required."""
    words = list(keywords)
    return ast.arguments(
        posonlyargs=[],
        args=[ast.arg(word) for word in positional],
        kwonlyargs=[ast.arg(word) for word, _ in words],
        kw_defaults=[None if default is ... else ast.Constant(default) for _, default in words],
        defaults=[],
    )


def function(
    word: str, arguments: ast.arguments, body: list[ast.stmt], docstring: str | None = None
) -> ast.FunctionDef:
    """`def word(arguments):` with its docstring."""
    first: list[ast.stmt] = [ast.Expr(ast.Constant(docstring))] if docstring else []
    return ast.FunctionDef(word, arguments, first + body or [ast.Pass()], [], lineno=0)


def lambda_(words: Iterable[str], body: ast.expr) -> ast.Lambda:
    """`lambda words: body`."""
    return ast.Lambda(parameters(words), body)


def reads(tree: ast.AST) -> Iterator[str]:
    """Every name that occurs in an expression to be read, bound in it or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def fresh(word: str, taken: Iterable[str]) -> str:
    """`word`, with underscores at its end until it is none of `taken`."""
    names = set(taken)
    while word in names:
        word += "_"
    return word
