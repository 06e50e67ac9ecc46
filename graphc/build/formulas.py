"""Formulas become nodes: the whole bears the node's name, its parts are numbered under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Poisoned, Scope
from graphc.build.library import Definition, Network
from graphc.build.parameters import bind
from graphc.build.steps import fail
from graphc.build.targets import class_number
from graphc.core.operation import Operation, Reduces, Spelled
from graphc.core.registry import operations
from graphc.core.tree import Mapping, Scalar, Tree, describe
from graphc.graph.node import Ref
from graphc.ops.measures import Measuring

if TYPE_CHECKING:
    from graphc.build.context import Context


def expand_formula(expression: syntax.Expression, name: str, scope: Scope, context: Context) -> Ref:
    """The value of a formula; a bare name is an alias and makes no node."""
    return _Formula(name, scope, context).value(expression, root=True)


def constant(tree: Tree | None) -> Operation:
    """A constant from a number as written; `zeros` and `ones` are words for two of them."""
    words = {"zeros": 0.0, "ones": 1.0}
    value = tree.value if isinstance(tree, Scalar) else None
    if type(value) not in (int, float) and value not in words:
        found = describe(tree) if tree is not None else "nothing"
        help = "a default is a number, `zeros` or `ones`; `any` makes the input required"
        raise fail("GC307", f"expected a default value, found {found}", tree, help)
    return operations["constant"](words.get(value, value))  # type: ignore[arg-type]


class _Formula:
    def __init__(self, name: str, scope: Scope, context: Context) -> None:
        self.name, self.scope, self.context = name, scope, context
        self.parts = 0

    def value(self, expression: syntax.Expression, root: bool = False) -> Ref:
        if isinstance(expression, syntax.Reference):
            return self.scope.find(expression)
        if isinstance(expression, syntax.Apply):
            return self._apply(expression, root)
        if isinstance(expression, syntax.Binary):
            return self._spine(expression, root)
        if isinstance(expression, syntax.Unary) and not _is_number(expression.operand):
            inner = self.value(expression.operand)
            return self._add(_spelled("negative"), (inner,), expression, root)
        number = self.context.environment.number(expression)
        return self._add(operations["constant"](number), (), expression, root)

    def _spine(self, expression: syntax.Binary, root: bool) -> Ref:
        """`a + b + c` is deep on its left; walk down there without recursion."""
        turns: list[syntax.Binary] = []
        left: syntax.Expression = expression
        while isinstance(left, syntax.Binary):
            turns.append(left)
            left = left.left
        value, *rest = self._all([left, *(turn.right for turn in reversed(turns))])
        for turn, right in zip(reversed(turns), rest, strict=True):
            operation = _spelled(turn.operator, turn)
            value = self._add(operation, (value, right), turn, root and turn is expression)
        return value

    def _all(self, expressions) -> tuple[Ref, ...]:
        """The values of several expressions; the mistakes of all of them are reported."""
        attempt = self.context.expander.attempt
        found = [attempt(self.value, each) for each in expressions]
        if any(each is None for each in found):
            raise Poisoned
        return tuple(found)

    def _apply(self, call: syntax.Apply, root: bool) -> Ref:
        found = self.context.library.find(call.function, call.name_span)
        if isinstance(found, str) or _has_weights(found) or _takes_steps(found):
            help = "give it a node of its own: `name: {" + call.function + ": ..., from: ...}`"
            what = "has weights" if _has_weights(found) else "is given steps"
            message = f"`{call.function}` {what}, so it cannot stand in a formula"
            place = syntax.Reference(call.function, call.name_span)
            raise fail("GC219", message, place, help)
        if isinstance(found, type):
            return self._operation(found, call, root)
        return self._call(found, call, root)

    def _operation(self, kind: type[Operation], call: syntax.Apply, root: bool) -> Ref:
        names = tuple(each.name for each in kind.inputs)
        values, attributes = self._keywords(call, names)
        given = self.context.environment.substitute(attributes) if len(attributes) else None
        operation = kind.read(given, call.name_span)
        if operation.names and len(call.arguments) != len(operation.names):
            message = f"`{call.function}` is given {len(call.arguments)} values"
            help = f"write `{call.function}({', '.join(operation.names)})`"
            raise fail("GC214", message, call, help)
        if operation.variadic:
            inputs: tuple[Ref | None, ...] = self._all(call.arguments)
        else:
            optional = {each.name for each in operation.inputs if each.optional}
            inputs = self._positions(call, names, values, optional, _for_several(kind))
        if isinstance(operation, Measuring):
            inputs = self._compared(operation, inputs, call)
        return self._add(operation, inputs, call, root)

    def _call(self, found: Definition | Network, call: syntax.Apply, root: bool) -> Ref:
        expander = self.context.expander
        section = found.block.section if isinstance(found, Definition) else found.section
        declared = section.inputs
        names = ("x",) if declared is None else tuple(each.name.text for each in declared)
        values, attributes = self._keywords(call, names)
        given = attributes if len(attributes) else None
        optional = set() if isinstance(found, Network) else _optional(declared)
        inputs = self._positions(call, names, values, optional)
        step = syntax.Step(call.function, call.name_span, given, call.span)
        name = self._next(root)
        if isinstance(found, Network):
            return expander.call_network(found, step, name, self.scope, inputs, self.context, root)
        environment = self.context.environment
        word, span = call.function, call.name_span
        bound = bind(found.block.parameters, given, word, span, environment, _no_layers)
        wanted = tuple((each, each in optional) for each in names)
        return expander.call(
            found, bound, wanted, inputs, step, name, self.scope, self.context, root
        )

    def _compared(self, operation: Measuring, inputs, call: syntax.Apply) -> tuple[Ref, ...]:
        output, target = inputs
        number = class_number(operation, output, target, self.scope.assembly)
        return inputs if number is None else (output, self._add(number, (output,), call, False))

    def _keywords(self, call: syntax.Apply, names: tuple[str, ...]):
        values = {key.text: value for key, _, value in call.keywords if key.text in names}
        rest = tuple((key, text) for key, text, _ in call.keywords if key.text not in names)
        return values, Mapping(rest, call.span)

    def _positions(
        self, call: syntax.Apply, names, values, optional, help: str | None = None
    ) -> tuple[Ref | None, ...]:
        """The values for inputs; `help` is for who gives too many."""
        if len(call.arguments) > len(names):
            many = "one value" if len(names) == 1 else f"{len(names) or 'no'} values"
            message = f"`{call.function}` takes {many}, and is given {len(call.arguments)}"
            raise fail("GC214", message, call.arguments[len(names)], help)
        given: dict = dict(zip(names, call.arguments, strict=False))
        for word, value in values.items():
            if word in given:
                raise fail("GC214", f"`{call.function}` is given `{word}` twice", value)
            given[word] = value
        missing = [f"`{word}`" for word in names if word not in given and word not in optional]
        if missing:
            help = f"write `{call.function}({', '.join(names)})`"
            raise fail("GC214", f"`{call.function}` is not given {', '.join(missing)}", call, help)
        present = [word for word in names if word in given]
        made = dict(zip(present, self._all(given[word] for word in present), strict=True))
        return tuple(made.get(word) for word in names)

    def _add(self, operation: Operation, inputs, expression, root: bool) -> Ref:
        name = self._next(root)
        return self.scope.assembly.add(name, operation, inputs, expression.span, named=root)

    def _next(self, root: bool) -> str:
        if root:
            return self.name
        self.parts += 1
        return f"{self.name}:{self.parts}"


def _is_number(expression: syntax.Expression) -> bool:
    return isinstance(expression, (syntax.Number, syntax.Parameter))


def _has_weights(found) -> bool:
    return isinstance(found, type) and found.weights is not Operation.weights


def _for_several(kind: type[Operation]) -> str | None:
    """Who writes `max(a, b)` means `maximum`."""
    reduces = kind.trait(Reduces)
    if not isinstance(reduces, Reduces) or reduces.between is None:
        return None
    return f"several values are combined number by number by `{reduces.between}(a, b)`"


def _takes_steps(found) -> bool:
    parameters = found.block.parameters if isinstance(found, Definition) else ()
    return any(each.type == "layers" for each in parameters)


def _optional(declared) -> set[str]:
    return {each.name.text for each in declared or () if not is_required(each)}


def is_required(declared: syntax.InputDeclaration) -> bool:
    """Whether an input of a block has no default."""
    return isinstance(declared.written, Scalar) and declared.written.text == "any"


def _no_layers(tree: Tree):
    raise AssertionError("a block that takes steps was called in a formula")


def _spelled(operator: str, place: syntax.Expression | None = None) -> Operation:
    from graphc.ops import arithmetic, comparisons  # noqa: F401  (they declare the operators)

    if operator in operations:
        return operations[operator]()
    for each in operations.loaded():
        spelled = each.trait(Spelled)
        if spelled is not None and spelled.operator == operator and each.name != "negative":
            return each()
    raise fail("GC217", f"`{operator}` works on parameters only", place, "values have `/`")
