"""Steps that hold steps and cannot be written as blocks: `repeat` and `parallel`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Assembly, Poisoned, Scope
from graphc.build.parameters import Layers, uses
from graphc.build.steps import check_keys, fail
from graphc.core.attributes import Declared, Int
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.graph.calls import Call, Repeat
from graphc.graph.node import Ref

if TYPE_CHECKING:
    from graphc.build.expand import Context

_MOST = 100_000


def repeat(
    step: syntax.Step, name: str, scope: Scope, default, context: Context, named: bool
) -> Ref:
    """`repeat: {times: 4, index: i, layers: [...]}` or `{over: [64, 128], index: width, ...}`.

    `repeat: {each: [[...], [...]]}` gives the steps of every layer.
    """
    given = _mapping(step, ("times", "over", "index", "layers", "each"))
    expander = context.expander
    (source,) = expander.sources(step, name, (("x", False),), False, scope, default)
    copies: list[Operation] = []
    captured: tuple[Ref, ...] = ()
    kind = scope.assembly.types[source]
    known: dict = {}
    for tree, place in _layers(given, step, context):
        key = (id(tree), place, kind)
        if key not in known:
            inner = context
            if place is not None:
                environment = context.environment.extended(given.get("index").text, place)
                inner = replace(context, environment=environment)
            known[key] = _copy(tree, name, kind, scope, inner, step)
        operation, captured = known[key]
        copies.append(operation)
        outer = (scope.assembly.types[each] for each in captured)
        kind = operation.infer(kind, *outer)
    span = step.operation_span
    return scope.assembly.add(name, Repeat(tuple(copies)), (source, *captured), span, named)


def _layers(
    given: Mapping, step: syntax.Step, context: Context
) -> list[tuple[Tree, Tree | None]]:
    """For each layer its steps, and the value of the index where they use it."""
    each, tree, index = given.get("each"), given.get("layers"), given.get("index")
    if each is not None:
        if len(given) > 1 or not isinstance(each, Sequence) or not len(each):
            help = "write `repeat: {each: [[...], [...]]}`"
            raise fail("GC212", "`each` of `repeat` is a list of chains, alone", step, help)
        return [(layer, None) for layer in each]
    if tree is None:
        raise fail("GC212", "`repeat` needs `layers`: a list of steps", step)
    if index is not None and not isinstance(index, Scalar):
        raise fail("GC210", f"`index` of `repeat`: expected a name, found {describe(index)}", index)
    if index is None and given.get("over") is not None:
        help = "write `index: width` and `$width`"
        raise fail("GC212", "`repeat` with `over` needs `index`: a name", step, help)
    places = _places(given, step, context)
    if index is None:
        return [(tree, None) for _ in places]
    if index.text not in set(uses(tree)):
        message = f"`{index.text}` is not used in the layers"
        raise fail("GC215", message, index, f"write `${index.text}` somewhere, or leave `index` out")
    return [(tree, place) for place in places]


def _places(given: Mapping, step: syntax.Step, context: Context) -> list[Tree]:
    times, over = given.get("times"), given.get("over")
    if (times is None) == (over is None):
        help = "write `repeat: {times: 4, layers: [...]}`"
        raise fail("GC212", "`repeat` needs either `times` or `over`", step, help)
    if times is not None:
        value = context.environment.substitute(times)
        count = Int(1).read(value)
        if count > _MOST:
            raise fail("GC210", f"`times` of `repeat` is at most {_MOST}, found {count}", times)
        return [Scalar(str(i), times.span) for i in range(count)]
    items = context.environment.substitute(over)
    if not isinstance(items, Sequence) or not len(items):
        raise fail("GC210", f"`over` of `repeat`: expected a list, found {describe(items)}", over)
    return list(items)


def _copy(tree, name: str, kind, scope: Scope, context: Context, step: syntax.Step):
    """One layer as an operation, and the outer values it reads."""
    expander = context.expander
    word = name.rsplit("/", 1)[-1]
    title = f"{word}_layer" if word != "repeat" else "layer"
    assembly = Assembly(title, {"x": kind}, scope.assembly)
    inner = Scope(assembly, {}, None)
    handed = Layers(tree, context, scope)
    last = expander.layers(handed, "", inner, Ref("x"), context)
    if last is None:
        raise Poisoned
    captured = tuple(assembly.captured.values())
    nodes = list(assembly.nodes.values())
    inputs = tuple(Ref(each) for each in assembly.inputs)
    if len(nodes) == 1 and nodes[0].inputs == inputs and last == Ref(nodes[0].name):
        return nodes[0].operation, captured
    return Call(assembly.finish((("y", last),)), inline=True), captured


def parallel(
    step: syntax.Step, name: str, scope: Scope, default, context: Context, named: bool
) -> Ref:
    """`parallel: {branches: [[...], [...]], join: concat}`: branches side by side, then joined."""
    given = _mapping(step, ("branches", "join"))
    branches, join = given.get("branches"), given.get("join")
    if not isinstance(branches, Sequence) or not len(branches):
        found = describe(branches) if branches is not None else "nothing"
        raise fail("GC210", f"`branches` of `parallel`: expected a list of chains, found {found}", step)
    operation = operations["concat"]()
    if join is not None:
        operation = Declared(operations).read(context.environment.substitute(join))
        if not operation.variadic:
            help = "`concat`, `add` and `multiply` join values"
            raise fail("GC210", f"`{operation.name}` does not join several values", join, help)
    expander = context.expander
    (source,) = expander.sources(step, name, (("x", False),), False, scope, default)
    ends = []
    for i, branch in enumerate(branches):
        if not isinstance(branch, Sequence):
            raise fail("GC207", f"expected a list of steps, found {describe(branch)}", branch)
        handed = Layers(branch, context, scope)
        ends.append(expander.layers(handed, f"{name}/{i}/", scope, source, context))
    if any(end is None for end in ends):
        raise Poisoned
    return scope.assembly.add(name, operation, tuple(ends), step.operation_span, named)


def _mapping(step: syntax.Step, keys: tuple[str, ...]) -> Mapping:
    given = step.attributes
    if not isinstance(given, Mapping):
        found = describe(given) if given is not None else "nothing"
        help = f"write `{step.operation}: {{{keys[0]}: ...}}`"
        raise fail("GC210", f"`{step.operation}` takes a mapping, found {found}", step, help)
    check_keys(given, keys, f"`{step.operation}`")
    return given


WRAPPER_FORMS = {"repeat": repeat, "parallel": parallel}
