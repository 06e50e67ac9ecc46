"""Parameters: `$name` in attributes is replaced, and arithmetic on it is done, before anything
else looks at the value."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from collections.abc import Mapping as MappingLike
from dataclasses import dataclass, field
from typing import Any

from graphc.build import syntax
from graphc.build.formula import parse
from graphc.build.steps import fail
from graphc.core.diagnostic import Report, SpecError, listing, similar
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.core.types import Type

_USE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_LARGEST = 2**63 - 1
SIZES = {
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}
MEMBERS = ("features", "below", "tokens", "length", *SIZES[4])


@dataclass(frozen=True)
class Layers:
    """Steps that were handed to a block, with the place whose names they see.

    Args:
        tree: the steps as written (or a Python function that builds them).
        context: where they were written; settled by `graphc.build.expand`.
        scope: the values around them.
    """

    tree: Any
    context: Any = field(compare=False)
    scope: Any = field(compare=False)
    key: object = None


@dataclass(frozen=True, eq=False)
class Callback:
    """A Python function in the place of steps: (scope, prefix, value) -> value."""

    function: Any
    span: Span
    kind = "function"


Value = Tree | Layers


@dataclass(frozen=True)
class Environment:
    """What the parameters of one place are.

    Args:
        values: each parameter's value.
        inputs: the types of the inputs, for `$x.features`.
    """

    values: MappingLike[str, Value] = field(default_factory=dict)
    inputs: MappingLike[str, Type] = field(default_factory=dict)

    @property
    def key(self) -> object:
        """Equal for environments that mean the same."""
        return tuple(sorted((name, _key(value)) for name, value in self.values.items()))

    def extended(self, name: str, value: Value) -> Environment:
        """The same with one more parameter."""
        return Environment({**self.values, name: value}, self.inputs)

    def lookup(self, use: syntax.Parameter) -> Value:
        """The value of a parameter, at the place of its use."""
        if use.member is not None and use.name in self.inputs:
            number = _member(self.inputs[use.name], use)
            return Scalar(str(number), use.span)
        if use.name not in self.values:
            help = similar(use.name, self.values, "parameter")
            known = f"the parameters here are {listing(self.values)}" if self.values else None
            help = help or known or "a block sees only its own `params`"
            raise fail("GC216", f"there is no parameter `{use.name}`", use, help)
        value = self.values[use.name]
        return _at(value, use.span) if not isinstance(value, Layers) else value

    def substitute(self, tree: Tree, leave: tuple[str, ...] = ()) -> Tree:
        """The tree with every `$` worked out.

        Args:
            leave: keys under which formulas stand, which are worked out with their values.
        """
        if isinstance(tree, Scalar):
            return self._scalar(tree) if "$" in tree.text else tree
        if isinstance(tree, Sequence):
            return Sequence(tuple(self.substitute(item, leave) for item in tree), tree.span)
        entries = tuple(
            (key, value if key.text in leave else self.substitute(value, leave))
            for key, value in tree
        )
        return Mapping(entries, tree.span)

    def _scalar(self, tree: Scalar) -> Tree:
        expression = parse(tree)
        if isinstance(expression, syntax.Parameter):
            value = self.lookup(expression)
            if isinstance(value, Layers):
                raise fail("GC217", f"`{tree.text}` holds steps, which cannot stand here", tree)
            return value
        number = self.number(expression)
        return Scalar(repr(number), tree.span)

    def number(self, expression: syntax.Expression) -> int | float:
        """The value of arithmetic on parameters; ints stay ints."""
        if isinstance(expression, syntax.Number):
            return expression.value
        if isinstance(expression, syntax.Parameter):
            return self._number_of(expression)
        if isinstance(expression, syntax.Unary):
            return -self.number(expression.operand)
        if isinstance(expression, syntax.Binary):
            left, right = self.number(expression.left), self.number(expression.right)
            return _compute(expression, left, right)
        help = "in an attribute only numbers and `$parameters` can be computed with"
        raise fail("GC217", "this is no number", expression, help)

    def _number_of(self, use: syntax.Parameter) -> int | float:
        value = self.lookup(use)
        if isinstance(value, Scalar) and type(value.value) in (int, float):
            return value.value  # type: ignore[return-value]
        what = "steps" if isinstance(value, Layers) else describe(value)
        raise fail("GC217", f"`${use.name}` is {what}, and arithmetic needs a number", use)


def _member(kind: Type, use: syntax.Parameter) -> int:
    sizes = dict(zip(SIZES.get(len(kind.shape), ()), kind.shape, strict=False))
    if use.member == "features" and kind.shape:
        return kind.shape[-1]
    if use.member == "below" and kind.below:
        return kind.below
    if use.member == "tokens" and len(kind.shape) == 2:
        return kind.shape[0]
    if use.member in sizes:
        return sizes[use.member]
    text = f"`${use.name}.{use.member}` is not known: `{use.name}` is {kind}"
    help = None if use.member in MEMBERS else similar(use.member or "", MEMBERS, "property")
    raise fail("GC216", text, use, help or f"a property is one of {listing(MEMBERS)}")


def _compute(expression: syntax.Binary, left: Any, right: Any) -> int | float:
    operator = expression.operator
    try:
        if operator == "/" and right and type(left) is int and type(right) is int:
            if left % right:
                help = "write `//` to round down"
                raise fail("GC217", f"`{left} / {right}` leaves a rest", expression, help)
            return left // right
        actions = {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "/": lambda: left / right,
            "//": lambda: left // right,
            "**": lambda: left**right if abs(right) <= 64 else float(left) ** right,
        }
        value = actions[operator]()
    except ZeroDivisionError:
        raise fail("GC217", "this divides by 0", expression) from None
    except OverflowError:
        value = math.inf
    if isinstance(value, complex) or value != value:
        raise fail("GC217", f"`{left} {operator} {right}` is no real number", expression)
    if abs(value) > (_LARGEST if type(value) is int else sys.float_info.max):
        help = "whole numbers have 64 bits, others a range of 1e±308"
        raise fail("GC217", "the result is out of range", expression, help)
    return value


def _at(tree: Tree, span: Span) -> Tree:
    """A scalar parameter is blamed where it is used; what is longer keeps its place."""
    return Scalar(tree.text, span, tree.quoted) if isinstance(tree, Scalar) else tree


def _key(value: Value) -> object:
    return value.key if isinstance(value, Layers) else repr_tree(value)


def repr_tree(tree: Tree) -> str:
    """A text that is equal for equal trees."""
    if isinstance(tree, Scalar):
        return repr(tree.text) if tree.quoted else tree.text
    if isinstance(tree, Sequence):
        return f"[{', '.join(repr_tree(item) for item in tree)}]"
    return f"{{{', '.join(f'{key.text}: {repr_tree(value)}' for key, value in tree)}}}"


def uses(tree: Tree) -> Iterator[str]:
    """The names of all parameters that occur in a tree."""
    if isinstance(tree, Callback):
        return
    if isinstance(tree, Scalar):
        yield from _USE.findall(tree.text)
    elif isinstance(tree, Sequence):
        for item in tree:
            yield from uses(item)
    else:
        for _, value in tree:
            yield from uses(value)


def in_order_of_use(trees: MappingLike[str, Tree | None]) -> list[str]:
    """The names, each after those that its value uses, so that the order written is free.

    Names that use one another in a circle come last, as they were written.
    """
    found: list[str] = []
    waiting = list(trees)
    while waiting:
        missing = set(waiting)
        ready = [name for name in waiting if not missing & set(_uses_of(trees[name]))]
        found += ready or waiting
        waiting = [name for name in waiting if ready and name not in ready]
    return found


def _uses_of(tree: Tree | None) -> Iterator[str]:
    return iter(()) if tree is None else uses(tree)


def _place(name: str, order: list[str]) -> int:
    return order.index(name) if name in order else -1


def bind(
    declared: tuple[syntax.Declared, ...],
    given: Tree | None,
    owner: str,
    span: Span,
    environment: Environment,
    layers: Any,
) -> dict[str, Value]:
    """The values of a block's parameters from what a step gives it.

    Args:
        declared: the block's parameters.
        given: what stands under its name.
        owner: the block's name, for messages.
        span: the place of the call.
        environment: the parameters of the caller.
        layers: makes a Layers value of a tree.
    """
    report = Report()
    rows = _given(declared, given, owner, report)
    report.stop()
    values: dict[str, Value] = {}
    unknown = [name for name in rows if name not in {each.name.text for each in declared}]
    defaults = {each.name.text: each.default for each in declared if each.name.text not in rows}
    later = in_order_of_use(defaults)
    for each in sorted(declared, key=lambda each: _place(each.name.text, later)):
        name = each.name.text
        tree = rows.get(name, each.default)
        if tree is None and similar(name, unknown, "parameter"):
            continue
        if tree is None:
            message = f"`{owner}` needs `{name}`: {_WORDS[each.type]}"
            report.error("GC212", message, span, help=f"write `{owner}: {{{name}: ...}}`")
            continue
        try:
            if each.type == "layers":
                values[name] = _layers(tree, environment, layers)
            else:
                inner = environment if name in rows else Environment(values)
                values[name] = _typed(each, inner.substitute(tree), owner)
        except SpecError as error:
            report.diagnostics += error.diagnostics
    if isinstance(given, Mapping):
        _check_known(given, [each.name.text for each in declared], owner, report)
    report.stop()
    return values


def _check_known(given: Mapping, names: list[str], owner: str, report: Report) -> None:
    for key, _ in given:
        if key.text not in names:
            known = f"its parameters are {listing(names)}" if names else f"write `{owner}` alone"
            help = similar(key.text, names, "parameter") or known
            report.error("GC202", f"`{owner}` has no parameter `{key.text}`", key.span, help=help)


_WORDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "string": "a word",
    "shape": "a list of integers",
    "layers": "a list of steps",
}


def _given(declared, given: Tree | None, owner: str, report: Report) -> dict[str, Tree]:
    names = [each.name.text for each in declared]
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {key.text: value for key, value in given}
    required = [each.name.text for each in declared if each.default is None]
    if len(required) == 1:
        return {required[0]: given}
    if not required and len(names) == 1:
        return {names[0]: given}
    if not names:
        message, help = f"`{owner}` has no parameters", f"write `{owner}` alone"
    else:
        what = f"needs {listing(required)}" if required else "has no primary parameter"
        message = f"`{owner}` {what}, so a bare value is not enough"
        words = ", ".join(f"{each}: ..." for each in required or names[:1])
        help = f"write `{owner}: {{{words}}}`"
    report.error("GC211", message, given.span, help=help)
    return {}


def _layers(tree: Tree, environment: Environment, layers: Any) -> Value:
    if isinstance(tree, Scalar) and tree.text.startswith("$"):
        use = parse(tree)
        if isinstance(use, syntax.Parameter):
            value = environment.lookup(use)
            if isinstance(value, Layers):
                return value
    if not isinstance(tree, (Sequence, Callback)):
        help = "write the steps in brackets: `[relu]`"
        raise fail("GC207", f"expected a list of steps, found {describe(tree)}", tree, help)
    return layers(tree)


def _typed(declared: syntax.Declared, tree: Tree, owner: str) -> Tree:
    value = tree.value if isinstance(tree, Scalar) else None
    fits = {
        "int": type(value) is int,
        "float": type(value) in (int, float),
        "bool": isinstance(value, bool),
        "string": isinstance(tree, Scalar) and value is not None,
        "shape": isinstance(tree, Sequence)
        and all(isinstance(each, Scalar) and type(each.value) is int for each in tree),
    }
    if fits[declared.type]:
        return tree
    name, wanted = declared.name.text, _WORDS[declared.type]
    message = f"`{name}` of `{owner}`: expected {wanted}, found {describe(tree)}"
    raise fail("GC210", message, tree)
