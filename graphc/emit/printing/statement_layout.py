"""Python statements as documents: the simple ones whole, of the compound ones the headers.

The functions take statements that went through `parentheses.bracketed`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from graphc.emit.printing.expression_layout import (
    COMMA,
    arguments,
    comma_separated,
    expression,
    in_statement,
    lambda_body,
    lambda_head,
    offered_or_wrapped,
    parameters,
    sequence,
)
from graphc.emit.printing.layout import (
    SOFT,
    Doc,
    First,
    Group,
    IfOpen,
    Indent,
    Inside,
    Offer,
    Overflow,
    Wrap,
    join,
)
from graphc.emit.printing.optional_parentheses import (
    Need,
    has_brackets,
    is_offered,
    is_splittable,
    need,
)
from graphc.emit.printing.parentheses import OPERATORS, Level, level


def simple_statement(node: ast.stmt) -> Doc:
    """A statement without a body."""
    builder = _BUILDERS.get(type(node))
    if builder is None:
        raise TypeError(f"cannot print {type(node).__name__}")
    return builder(node)


def _unhelped(doc: Doc) -> Doc:
    return doc


def _bare(node: ast.expr) -> list[ast.expr]:
    """The items of a tuple that may stand without parentheses, none for anything else."""
    return node.elts if isinstance(node, ast.Tuple) and len(node.elts) > 1 else []


def _value(node: ast.expr) -> Doc:
    """The expression that ends a statement."""
    if isinstance(node, ast.Lambda):
        return Wrap((lambda_head(node), Overflow(lambda_body(node.body))))
    return in_statement(node)


def _returned(node: ast.expr) -> Doc:
    if items := _bare(node):
        return Offer(sequence(items)) if len(items) == 2 else Wrap(sequence(items))
    return _value(node)


def _target(node: ast.expr) -> Doc:
    items = _bare(node)
    return Wrap(sequence(items)) if items else expression(node)


def _last_target(node: ast.expr) -> Doc:
    if _has_brackets_to_open(node) or isinstance(node, ast.Tuple):
        return _target(node)
    return offered_or_wrapped(node, expression(node))


def _has_brackets_to_open(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return has_brackets(node.value) or _has_brackets_to_open(node.value)
    return has_brackets(node)


def _assigned(target: Doc, operator: str, node: ast.expr) -> Doc:
    """An assignment whose target could break too, which is the last thing to try."""
    if need(node) is not Need.IF_FITTING or isinstance(node, ast.UnaryOp):
        return (target, operator, _value(node))
    value = expression(node)
    docs: list[Doc] = [(target, operator, value)]
    if isinstance(node, ast.Call | ast.Subscript | ast.Attribute):
        docs.append((target, operator, Group(value, open=True)))
    docs.append((target, operator, "(", Group((Indent((SOFT, value)), SOFT), open=True), ")"))
    docs.append((Group(target, open=True), operator, value))
    return First(tuple(docs))


def _assign(node: ast.Assign) -> Doc:
    first, *rest = node.targets
    if isinstance(node.value, ast.Tuple) and isinstance(node.targets[-1], ast.Tuple):
        targets = [(_target(target), " = ") for target in node.targets]
        return (*targets, _target(node.value))
    if not rest and not (has_brackets(first) or isinstance(first, ast.Tuple)):
        return (expression(first), " = ", _value(node.value))
    heads = [(_target(first), " = ")] if rest else []
    heads += [(_middle_target(target), " = ") for target in rest[:-1]]
    return (*heads, _assigned(_last_target(node.targets[-1]), " = ", node.value))


def _middle_target(node: ast.expr) -> Doc:
    if _has_brackets_to_open(node) or isinstance(node, ast.Tuple):
        return _target(node)
    return Wrap(expression(node))


def _aug_assign(node: ast.AugAssign) -> Doc:
    operator = f" {OPERATORS[type(node.op)][0]}= "
    if has_brackets(node.target):
        return _assigned(_last_target(node.target), operator, node.value)
    return (expression(node.target), operator, _value(node.value))


def _ann_assign(node: ast.AnnAssign) -> Doc:
    target = expression(node.target)
    if isinstance(node.target, ast.Name) and not node.simple:
        target = ("(", target, ")")
    if node.value is None:
        return (target, ": ", _value(node.annotation))
    if is_splittable(node.annotation):
        return (target, ": ", _assigned(_last_target(node.annotation), " = ", node.value))
    return (target, ": ", expression(node.annotation), " = ", _value(node.value))


def _expression_statement(node: ast.Expr) -> Doc:
    value = node.value
    if isinstance(value, ast.BinOp) and level(value) <= Level.SUM:
        return in_statement(value, fitting=_unhelped)
    return expression(value)


def _assert(node: ast.Assert) -> Doc:
    test, message = in_statement(node.test), node.msg
    if message is None:
        return ("assert ", test)
    fitting = partial(offered_or_wrapped, message)
    return ("assert ", test, ", ", in_statement(message, fitting))


def _raise(node: ast.Raise) -> Doc:
    raised = (" ", in_statement(node.exc, _unhelped)) if node.exc else ""
    cause = (" from ", in_statement(node.cause, _unhelped)) if node.cause else ""
    return ("raise", raised, cause)


def _delete(node: ast.Delete) -> Doc:
    """Unbroken if there are many: the parentheses that ruff puts would make a tuple of them."""
    if len(node.targets) == 1:
        return ("del ", in_statement(node.targets[0]))
    return ("del ", *join(", ", [expression(target) for target in node.targets]))


def _alias(node: ast.alias) -> str:
    return f"{node.name} as {node.asname}" if node.asname else node.name


def _import_from(node: ast.ImportFrom) -> Doc:
    names = [_alias(alias) for alias in node.names]
    head = f"from {'.' * node.level}{node.module or ''} import "
    return (head, "*" if names == ["*"] else Wrap((*join(COMMA, [*names]), IfOpen(","))))


_BUILDERS: dict[type[ast.stmt], Callable[..., Doc]] = {
    ast.Expr: _expression_statement,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.AnnAssign: _ann_assign,
    ast.Return: lambda node: ("return ", _returned(node.value)) if node.value else "return",
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.Delete: _delete,
    ast.Import: lambda node: "import " + ", ".join(map(_alias, node.names)),
    ast.ImportFrom: _import_from,
    ast.Global: lambda node: "global " + ", ".join(node.names),
    ast.Nonlocal: lambda node: "nonlocal " + ", ".join(node.names),
    ast.Pass: lambda node: "pass",
    ast.Break: lambda node: "break",
    ast.Continue: lambda node: "continue",
}


def decorator(node: ast.expr) -> Doc:
    """The line of a decorator."""
    return ("@", in_statement(node, _unhelped))


def function_header(node: ast.FunctionDef) -> Doc:
    """A function up to its colon; parameters break before the return type does."""
    docs, returns = parameters(node.args), node.returns
    content: Doc = (*join(COMMA, docs), IfOpen(","))
    if len(docs) > 1:
        content = Group(content)
    inner: Doc = Inside(("(", Indent((SOFT, content)), SOFT, ")")) if docs else "()"
    result: Doc = (" -> ", _return_type(returns, alone=not docs)) if returns else ""
    return (f"def {node.name}", Group((inner, result)), ":")


def _return_type(node: ast.expr, alone: bool) -> Doc:
    """A return type; only where there are no parameters to break does it get parentheses."""
    if isinstance(node, ast.Subscript) and need(node) is Need.IF_FITTING and not alone:
        return expression(node)
    if alone:
        return in_statement(node, partial(offered_or_wrapped, node))
    return in_statement(node)


def class_header(node: ast.ClassDef) -> Doc:
    """A class up to its colon."""
    bases = arguments(node.bases, node.keywords) if node.bases or node.keywords else ""
    return (f"class {node.name}", bases, ":")


def clause_header(keyword: str, test: ast.expr) -> Doc:
    """The header of an `if`, `elif` or `while`."""
    return (keyword, " ", in_statement(test), ":")


def for_header(node: ast.For) -> Doc:
    """A loop up to its colon."""
    items = _bare(node.target)
    target = Offer(sequence(items)) if items else in_statement(node.target)
    return ("for ", target, " in ", in_statement(node.iter), ":")


def with_header(node: ast.With) -> Doc:
    """A `with` up to its colon; several managers that do not fit get parentheses."""
    first = node.items[0]
    if len(node.items) > 1:
        return ("with ", Wrap(comma_separated([_with_item(item) for item in node.items])), ":")
    if first.optional_vars is None:
        return ("with ", in_statement(first.context_expr), ":")
    wrap = Offer if is_offered(first.context_expr) else Wrap
    return ("with ", wrap(_with_item(first)), ":")


def _with_item(item: ast.withitem) -> Doc:
    name = (" as ", expression(item.optional_vars)) if item.optional_vars else ""
    return (expression(item.context_expr), name)


def except_header(node: ast.ExceptHandler) -> Doc:
    """A handler up to its colon."""
    kind = (" ", in_statement(node.type)) if node.type else ""
    return ("except", kind, f" as {node.name}" if node.name else "", ":")
