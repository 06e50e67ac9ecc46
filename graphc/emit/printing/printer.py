"""Python source of `ast` trees, laid out so that `ruff format` would leave it as it is.

`ast.unparse` never breaks a line, and generated code is to be read. Here the statements of a body
are put under one another; `statement_layout` and `expression_layout` say where each of them may
break and `layout` chooses. A statement may carry a tag (see `tagged`), and the result tells which
tag each line belongs to.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeVar

from graphc.emit.printing.layout import INDENT, Doc, layout
from graphc.emit.printing.parentheses import bracketed
from graphc.emit.printing.statement_layout import (
    class_header,
    clause_header,
    decorator,
    except_header,
    for_header,
    function_header,
    simple_statement,
    with_header,
)


@dataclass(frozen=True)
class Printed:
    """Source text, which ends in one newline, and the tags of its lines, counted from 1."""

    text: str
    lines: dict[int, str]


class Comment(ast.stmt):
    """A statement that prints as `# text`, on several lines if the text has them."""

    _fields = ("text",)

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text


class Blank(ast.stmt):
    """A blank line between two statements of a body, where there would be none."""

    _fields = ()


Statement = TypeVar("Statement", bound=ast.stmt)
Definition = ast.FunctionDef | ast.ClassDef
Compound = ast.FunctionDef | ast.ClassDef | ast.If | ast.For | ast.While | ast.With | ast.Try
Import = ast.Import | ast.ImportFrom


def tagged(statement: Statement, tag: str) -> Statement:
    """`statement`, whose lines `Printed.lines` will map to `tag`, save those of tagged parts."""
    statement.tag = tag  # type: ignore[attr-defined]
    return statement


def print_module(module: ast.Module, width: int = 100) -> Printed:
    """The source of `module` in lines of at most `width` characters, if they can be broken."""
    printer = _Printer(width)
    printer.body(module)
    return Printed("\n".join(printer.text) + "\n", printer.tags)


class _Printer:
    """The lines so far, with the indentation and the tag of the statement being printed."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.text: list[str] = []
        self.tags: dict[int, str] = {}
        self.indent = 0
        self.tag: str | None = None

    def put(self, text: str) -> None:
        for line in text.split("\n"):
            self.text.append(line)
            if line and self.tag is not None:
                self.tags[len(self.text)] = self.tag

    def doc(self, doc: Doc) -> None:
        self.put(" " * self.indent + layout(doc, self.width, self.indent))

    def body(self, owner: ast.AST, field: str = "body") -> None:
        """The statements in `field` of `owner`, with the blank lines between them."""
        body = getattr(owner, field)
        docstring = _docstring(owner)
        spaced = docstring is not None and not isinstance(owner, ast.FunctionDef)
        previous: ast.stmt | None = None
        for i, statement in enumerate(body):
            if isinstance(statement, Blank):
                continue
            count = self.blank_lines(previous, body[i:], spaced and previous is docstring)
            if previous is None and not isinstance(owner, ast.Module | Definition):
                count = int(isinstance(statement, Definition))
            if previous is not None and isinstance(body[i - 1], Blank):
                count = max(count, self.around(statement))
            self.text += [""] * count
            self.statement(statement, is_docstring=statement is docstring)
            previous = statement

    def around(self, statement: ast.stmt) -> int:
        """How many blank lines there are around `statement` if there are any."""
        return 2 if isinstance(statement, Definition) and not self.indent else 1

    def blank_lines(
        self, previous: ast.stmt | None, following: list[ast.stmt], after_docstring: bool
    ) -> int:
        """How many blank lines must come between `previous` and `following`.

        A comment belongs to the statement after it, so the blank lines come before both.
        """
        if previous is None or isinstance(previous, Comment):
            return 0
        target = next((s for s in following if not isinstance(s, Comment | Blank)), following[0])
        definition = _last_definition(previous) or target
        if isinstance(definition, Definition):
            return self.around(definition)
        if isinstance(previous, Import):
            return int(isinstance(following[0], Comment) or not isinstance(target, Import))
        return int(after_docstring)

    def statement(self, node: ast.stmt, is_docstring: bool = False) -> None:
        outer, self.tag = self.tag, getattr(node, "tag", self.tag)
        if isinstance(node, Comment):
            for line in node.text.split("\n"):
                self.put(" " * self.indent + f"# {line}".rstrip())
        elif is_docstring:
            self.put(" " * self.indent + _docstring_literal(node, self.indent))
        elif isinstance(node, Compound):
            self.compound(bracketed(node))
        else:
            self.doc(simple_statement(bracketed(node)))
        self.tag = outer

    def compound(self, node: Compound) -> None:
        """A statement with a body; `node` is bracketed, but for the statements in it."""
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                self.definition(node)
            case ast.If():
                self.conditional("if", node)
            case ast.Try():
                self.attempt(node)
            case ast.For():
                self.block(for_header(node), node)
                self.optional_block("else:", node, "orelse")
            case ast.While():
                self.block(clause_header("while", node.test), node)
                self.optional_block("else:", node, "orelse")
            case ast.With():
                self.block(with_header(node), node)

    def block(self, header: Doc, owner: ast.AST, field: str = "body") -> None:
        self.doc(header)
        self.indent += INDENT
        self.body(owner, field)
        self.indent -= INDENT

    def optional_block(self, header: str, owner: ast.AST, field: str) -> None:
        if getattr(owner, field):
            self.block(header, owner, field)

    def definition(self, node: Definition) -> None:
        for parameter in getattr(node, "type_params", []):
            raise TypeError(f"cannot print {type(parameter).__name__}")
        for expression in node.decorator_list:
            self.doc(decorator(expression))
        header = function_header(node) if isinstance(node, ast.FunctionDef) else class_header(node)
        if _is_stub(node):
            self.doc((header, " ..."))
        else:
            self.block(header, node)

    def conditional(self, keyword: str, node: ast.If) -> None:
        self.block(clause_header(keyword, node.test), node)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            outer, self.tag = self.tag, getattr(node.orelse[0], "tag", self.tag)
            self.conditional("elif", bracketed(node.orelse[0]))
            self.tag = outer
        else:
            self.optional_block("else:", node, "orelse")

    def attempt(self, node: ast.Try) -> None:
        self.block("try:", node)
        for handler in node.handlers:
            self.block(except_header(bracketed(handler)), handler)
        self.optional_block("else:", node, "orelse")
        self.optional_block("finally:", node, "finalbody")


def _docstring(owner: ast.AST) -> ast.stmt | None:
    """The docstring of `owner`, which only comments may precede."""
    if not isinstance(owner, ast.Module | Definition):
        return None
    first = next((s for s in owner.body if not isinstance(s, Comment | Blank)), None)
    match first:
        case ast.Expr(value=ast.Constant(value=str())):
            return first
    return None


def _docstring_literal(node: ast.stmt, indent: int) -> str:
    """A docstring in triple quotes, its lines moved to `indent`.

    The closing quotes keep a line of their own if they had one.
    """
    text = ast.literal_eval(node.value) if isinstance(node, ast.Expr) else ""
    first, *rest = ["".join(map(_escaped, line)).rstrip() for line in text.split("\n")]
    margin = min((len(line) - len(line.lstrip(" ")) for line in rest if line), default=0)
    lines = [first.lstrip(), *(" " * indent * bool(line) + line[margin:] for line in rest)]
    body = "\n".join(lines).rstrip("\n").replace('"""', '\\"\\"\\"')
    if "\n" in body and not lines[-1]:
        body += "\n" + " " * indent
    elif body.endswith('"'):
        body = body[:-1] + '\\"'
    space = " " if body.startswith('"') else ""
    return f'"""{space}{body}"""'


def _escaped(char: str) -> str:
    return char if char.isprintable() and char != "\\" else repr(char)[1:-1]


def _is_stub(node: Definition) -> bool:
    match node.body:
        case [ast.Expr(value=ast.Constant(value=value))]:
            return value is ...
    return False


def _last_definition(node: ast.stmt) -> ast.stmt | None:
    """`node` or the statement that ends it, however deep, if that is a definition."""
    while not isinstance(node, Definition):
        bodies = [getattr(node, field, None) for field in ("finalbody", "orelse", "body")]
        if isinstance(node, ast.Try) and node.handlers:
            bodies.insert(2, node.handlers[-1].body)
        statements = [s for s in next(filter(None, bodies), []) if not isinstance(s, Blank)]
        if not statements:
            return None
        node = statements[-1]
    return node
