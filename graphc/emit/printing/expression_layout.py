"""Python expressions as documents, broken where `ruff format` breaks them.

The functions take expressions that went through `parentheses.bracketed`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from graphc.emit.printing.layout import (
    HARD,
    SOFT,
    Doc,
    First,
    Group,
    IfOpen,
    Indent,
    Inside,
    Line,
    Offer,
    Overflow,
    Rescue,
    Wrap,
    join,
    layout,
)
from graphc.emit.printing.literals import constant, format_string
from graphc.emit.printing.optional_parentheses import (
    Chain,
    Need,
    base,
    is_display,
    is_offered,
    links,
    need,
)
from graphc.emit.printing.parentheses import OPERATORS, Level, Parens, bracketed, level

LINE = Line()
COMMA = (",", LINE)
CLOSING_COMMA = IfOpen(",")
OPERAND_LINE = Line(inside=True)
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Operator = ast.operator | ast.boolop | ast.cmpop


def expression(node: ast.expr) -> Doc:
    """The document of `node`."""
    builder = _BUILDERS.get(type(node))
    if builder is None:
        raise TypeError(f"cannot print {type(node).__name__}")
    return builder(node)


def in_statement(node: ast.expr, fitting: Callable[[Doc], Doc] = Rescue) -> Doc:
    """`node` where a statement has it, outside brackets: with parentheses if they help.

    `fitting` says what to do with an expression that cannot break, such as a long name.
    """
    doc = expression(node)
    match need(node):
        case Need.NOTHING:
            return doc
        case Need.IF_FITTING:
            return fitting(doc)
    return offered_or_wrapped(node, doc)


def offered_or_wrapped(node: ast.expr, doc: Doc) -> Doc:
    """`doc`, which is that of `node`, with parentheses if it breaks."""
    return Offer(doc) if is_offered(node) else Wrap(doc)


def brackets(left: str, doc: Doc, right: str) -> Doc:
    """`doc` in brackets; if it does not fit, it gets lines of its own between them."""
    content = Group((Indent((SOFT, doc)), SOFT))
    return (left, Overflow(Inside(content), if_offered=True), right)


def sequence(nodes: list[ast.expr]) -> Doc:
    """The documents of `nodes` with commas."""
    return comma_separated([expression(node) for node in nodes])


def comma_separated(docs: list[Doc]) -> Doc:
    """`docs` with commas, one after the last too if it ends a line."""
    return (*join(COMMA, docs), CLOSING_COMMA if len(docs) > 1 else "")


def flat_text(doc: Doc) -> str:
    """`doc` on one line, however long."""
    return layout(doc, sys.maxsize)


def arguments(args: list[ast.expr], keywords: list[ast.keyword]) -> Doc:
    """The arguments of a call or of a class, in their parentheses."""
    if len(args) == 1 and not keywords and isinstance(args[0], ast.GeneratorExp):
        return brackets("(", Group(_comprehended(args[0])), ")")
    docs = [expression(arg) for arg in args]
    docs += [(f"{word.arg}=" if word.arg else "**", expression(word.value)) for word in keywords]
    return brackets("(", Group(comma_separated(docs)), ")") if docs else "()"


def parameters(args: ast.arguments) -> list[Doc]:
    """The parameters of a function or of a lambda."""
    positional = [*args.posonlyargs, *args.args]
    unset = [None] * (len(positional) - len(args.defaults))
    pairs = zip(positional, [*unset, *args.defaults], strict=True)
    docs = [_parameter(arg, default) for arg, default in pairs]
    if args.posonlyargs:
        docs.insert(len(args.posonlyargs), "/")
    if args.vararg:
        docs.append(("*", _parameter(args.vararg, None)))
    elif args.kwonlyargs:
        docs.append("*")
    docs += map(_parameter, args.kwonlyargs, args.kw_defaults)
    if args.kwarg:
        docs.append(("**", _parameter(args.kwarg, None)))
    return docs


def _parameter(arg: ast.arg, default: ast.expr | None) -> Doc:
    annotation = (": ", expression(arg.annotation)) if arg.annotation else ""
    if default is None:
        return (arg.arg, annotation)
    return (arg.arg, annotation, " = " if annotation else "=", expression(default))


def _source(node: ast.expr) -> str:
    return flat_text(expression(bracketed(node)))


def _chain(node: ast.expr) -> Doc:
    """Attributes, calls and subscripts on one another; the dots break if there are many."""
    fluent = links(node) > 1
    parts: list[Doc] = []
    while isinstance(node, Chain):
        parts.append(_link(node, fluent))
        node = base(node)
    doc = (expression(node), *reversed(parts))
    return Group(doc, inside=True) if fluent else doc


def _link(node: Chain, fluent: bool) -> Doc:
    if isinstance(node, ast.Attribute):
        breaks = fluent and isinstance(node.value, ast.Call | ast.Subscript | Parens)
        return (Line("", inside=True) if breaks else "", ".", node.attr)
    if isinstance(node, ast.Call):
        return arguments(node.args, node.keywords)
    return brackets("[", _index(node.slice), "]")


def _index(node: ast.expr) -> Doc:
    match node:
        case ast.Tuple(elts=[single]):
            return (expression(single), ",")
        case ast.Tuple(elts=[_, *_]):
            return Group(sequence(node.elts))
    return expression(node)


def _slice(node: ast.Slice) -> Doc:
    parts = [part for part in (node.lower, node.upper, node.step) if part is not None]
    space = "" if all(map(_is_simple, parts)) else " "
    doc: list[Doc] = [expression(node.lower), space] if node.lower else []
    doc += [":", space, expression(node.upper)] if node.upper else [":"]
    if node.step:
        doc += [space if node.upper else "", ":", space, expression(node.step)]
    return tuple(doc)


def _is_simple(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and _is_simple(node.operand)
    return isinstance(node, ast.Constant | ast.Name)


def _tuple(node: ast.Tuple) -> Doc:
    if len(node.elts) == 1:
        return brackets("(", (expression(node.elts[0]), ","), ")")
    return brackets("(", sequence(node.elts), ")") if node.elts else "()"


def _list(node: ast.List) -> Doc:
    return brackets("[", sequence(node.elts), "]") if node.elts else "[]"


def _dict(node: ast.Dict) -> Doc:
    items = [_item(key, value) for key, value in zip(node.keys, node.values, strict=True)]
    return brackets("{", comma_separated(items), "}") if items else "{}"


def _item(key: ast.expr | None, value: ast.expr) -> Doc:
    if key is not None:
        return Group((expression(key), ": ", expression(value)))
    spread = value if level(value) >= Level.BIT_OR else Parens(value)
    return Group(("**", expression(spread)))


def _comprehension(node: Comprehension) -> Doc:
    left, right = {"ListComp": "[]", "GeneratorExp": "()"}.get(type(node).__name__, "{}")
    return brackets(left, Group(_comprehended(node)), right)


def _comprehended(node: Comprehension) -> Doc:
    if isinstance(node, ast.DictComp):
        doc: list[Doc] = [Group(expression(node.key)), ": ", expression(node.value)]
    else:
        doc = [Group(expression(node.elt))]
    for clause in node.generators:
        doc += [LINE, "for ", _target(clause.target), " in ", expression(clause.iter)]
        for condition in clause.ifs:
            doc += [LINE, "if ", expression(condition)]
        if clause.is_async:
            raise TypeError("cannot print an asynchronous comprehension")
    return tuple(doc)


def _target(node: ast.expr) -> Doc:
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        return join(", ", [expression(part) for part in node.elts])
    return expression(node)


def _lambda(node: ast.Lambda) -> Doc:
    return (lambda_head(node), lambda_body(node.body))


def lambda_head(node: ast.Lambda) -> Doc:
    """A lambda up to its colon; ruff never breaks it."""
    names = ", ".join(map(flat_text, parameters(node.args)))
    return f"lambda {names}: " if names else "lambda: "


def lambda_body(node: ast.expr) -> Doc:
    """What a lambda returns; a long call in it prefers to open where it stands."""
    doc = expression(node)
    if need(node) is not Need.IF_BROKEN and isinstance(node, ast.Call | ast.Subscript):
        return First((doc, Group(doc, open=True), ("(", Indent((HARD, doc)), HARD, ")")))
    return doc if is_display(node) else Wrap(doc)


def _conditional(node: ast.IfExp) -> Doc:
    return Group(_alternatives(node), inside=True)


def _alternatives(node: ast.IfExp) -> Doc:
    test = (OPERAND_LINE, "if ", expression(node.test))
    if isinstance(node.orelse, ast.IfExp):
        orelse = _alternatives(node.orelse)
    else:
        orelse = Group(expression(node.orelse), inside=True)
    return (expression(node.body), *test, OPERAND_LINE, "else ", orelse)


def _unary(node: ast.UnaryOp) -> Doc:
    symbol = OPERATORS[type(node.op)][0]
    return (symbol, " " if symbol == "not" else "", expression(node.operand))


def _binary(node: ast.expr) -> Doc:
    return Group(_operation(*_flattened(node)), inside=True)


def _flattened(node: ast.expr) -> tuple[list[ast.expr], list[Operator]]:
    """The operands of operations within one another, and the operators between them."""
    match node:
        case ast.BinOp():
            operands, operators = [node.left, node.right], [node.op]
        case ast.BoolOp():
            operands, operators = node.values, [node.op] * (len(node.values) - 1)
        case ast.Compare():
            operands, operators = [node.left, *node.comparators], node.ops
        case _:
            return [node], []
    parts, between = _flattened(operands[0])
    for operator, operand in zip(operators, operands[1:], strict=True):
        inner, inner_operators = _flattened(operand)
        parts = [*parts, *inner]
        between = [*between, operator, *inner_operators]
    return parts, between


def _operation(operands: list[ast.expr], operators: list[Operator]) -> Doc:
    """The operands around the loosest operators, each of which starts a line if any does."""
    loosest = max(map(_looseness, operators))
    doc: list[Doc] = []
    start = 0
    for i, operator in enumerate(operators):
        if _looseness(operator) == loosest:
            doc.append(_operand(operands[start : i + 1], operators[start:i]))
            doc.append(_operator(operands[i], operator, operands[i + 1]))
            start = i + 1
    return (*doc, _operand(operands[start:], operators[start:]))


def _operand(operands: list[ast.expr], operators: list[Operator]) -> Doc:
    if not operators:
        return expression(operands[0])
    return Group(_operation(operands, operators), inside=True)


def _looseness(operator: Operator) -> int:
    return -max(Level.AND, OPERATORS[type(operator)][1])  # to ruff `or` is as loose as `and`


def _operator(left: ast.expr, operator: Operator, right: ast.expr) -> Doc:
    symbol = OPERATORS[type(operator)][0]
    if isinstance(operator, ast.Pow) and _is_short(left) and _is_short(right):
        return (Line("", inside=True), symbol, IfOpen(" ", inside=True))
    return (OPERAND_LINE, symbol, " ")


def _is_short(node: ast.expr) -> bool:
    """Whether `**` stands next to `node` without a space."""
    match node:
        case ast.UnaryOp():
            return not isinstance(node.op, ast.Not) and _is_short(node.operand)
        case ast.Attribute():
            return _is_short(node.value)
        case ast.Constant():
            return not isinstance(node.value, str | bytes) and node.value is not ...
    return isinstance(node, ast.Name)


_BUILDERS: dict[type[ast.expr], Callable[..., Doc]] = {
    ast.Name: lambda node: node.id,
    ast.Constant: constant,
    ast.JoinedStr: lambda node: format_string(node, _source),
    ast.Attribute: _chain,
    ast.Call: _chain,
    ast.Subscript: _chain,
    ast.Slice: _slice,
    ast.Starred: lambda node: ("*", expression(node.value)),
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: lambda node: brackets("{", sequence(node.elts), "}"),
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Lambda: _lambda,
    ast.IfExp: _conditional,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: _binary,
    ast.Compare: _binary,
    Parens: lambda node: brackets("(", expression(node.value), ")"),
}
