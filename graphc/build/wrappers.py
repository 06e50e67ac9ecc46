"""Steps that hold steps and cannot be written as blocks: `repeat`, `parallel` and others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import OUTER, Assembly, Poisoned, Scope
from graphc.build.limits import check_nodes
from graphc.build.message_passing import message_passing
from graphc.build.parameters import Callback, Environment, Layers, uses
from graphc.build.steps import check_name, fail
from graphc.build.wrapping import attribute_of, wrapped
from graphc.core.attributes import Declared, Int
from graphc.core.diagnostic import Diagnostic, Note, Report, SpecError, listing
from graphc.core.operation import Opaque, Operation
from graphc.core.registry import operations
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.graph.calls import Call, Repeat
from graphc.graph.node import Node, Ref

if TYPE_CHECKING:
    from graphc.build.context import Context


def repeat(
    step: syntax.Step, name: str, scope: Scope, default, context: Context, named: bool
) -> Ref:
    """`repeat: {times: 4, index: i, layers: [...]}` or `{over: [64, 128], index: width, ...}`.

    `repeat: {each: [[...], [...]]}` gives the steps of every layer, and `input: NAME` is what the
    layers call the value that they are given.
    """
    given = wrapped(step)
    (source,) = context.expander.sources(step, name, (("x", False),), False, scope, default)
    made = _copies(given, step, name, source, scope, context)
    captured = tuple(dict.fromkeys(ref for _, refs in made for ref in refs))
    if any(refs != captured for _, refs in made):  # all layers take what one of them reads
        made = _copies(given, step, name, source, scope, context, captured)
    copies = tuple(node.operation for node, _ in made)
    inputs = (source, *captured)
    ref = scope.assembly.add(name, Repeat(copies), inputs, step.operation_span, named)
    if all(node.remat for node, _ in made):
        scope.assembly.nodes[name] = replace(scope.assembly.nodes[name], remat=True)
    return ref


def _copies(
    given: Mapping,
    step: syntax.Step,
    name: str,
    source: Ref,
    scope: Scope,
    context: Context,
    outer: tuple[Ref, ...] = (),
) -> list[tuple[Node, tuple[Ref, ...]]]:
    """Each layer as a node, with the values it reads from outside: `outer`, and others."""
    found = []
    kind = scope.assembly.types[source]
    known: dict = {}
    count = 0
    layers = repeated(given, step, context.environment)
    for i, (tree, place) in enumerate(layers):
        key = (id(tree), place, kind)
        if key not in known:
            inner = context
            if place is not None:
                environment = context.environment.extended(given.get("index").text, place)
                inner = replace(context, environment=environment)
            where = f"in layer {i + 1} of {len(layers)} of this `repeat`"
            word = given.get("input")
            arguments = (tree, name, kind, word, outer, scope, inner)
            known[key] = _noted(where, step, inner, _copy, *arguments)
        node, captured = known[key]
        count += scope.assembly.limits.nodes(node.operation)
        check_nodes(count, step.operation_span)
        found.append((node, captured))
        kind = node.operation.infer(kind, *(scope.assembly.types[each] for each in captured))
    return found


def repeated(
    given: Mapping, step: syntax.Step, environment: Environment
) -> list[tuple[Tree, Tree | None]]:
    """For each layer of a `repeat` its steps, and the value of the index where they use it."""
    each, tree, index = given.get("each"), given.get("layers"), given.get("index")
    if each is not None:
        others = {key.text for key, _ in given} - {"each", "input"}
        if others or not isinstance(each, Sequence) or not len(each):
            help = "write `repeat: {each: [[...], [...]]}`"
            raise fail("GC212", "`each` of `repeat` is a list of chains, alone", step.word, help)
        _check_chains(each)
        return [(layer, None) for layer in each]
    if tree is None:
        help = "write `repeat: {times: 4, layers: [...]}`"
        raise fail("GC212", "`repeat` needs `layers`: a list of steps", step.word, help)
    _check_chains([tree])
    if index is not None and not isinstance(index, Scalar):
        raise fail("GC210", f"`index` of `repeat`: expected a name, found {describe(index)}", index)
    if index is None and given.get("over") is not None:
        help = "write `index: width` and `$width`"
        raise fail("GC212", "`repeat` with `over` needs `index`: a name", step.word, help)
    places = _places(given, step, environment)
    if index is None:
        return [(tree, None) for _ in places]
    if index.text not in set(uses(tree)):
        message = f"`{index.text}` is not used in the layers"
        raise fail(
            "GC215", message, index, f"write `${index.text}` somewhere, or leave `index` out"
        )
    return [(tree, place) for place in places]


def _places(given: Mapping, step: syntax.Step, environment: Environment) -> list[Tree]:
    times, over = given.get("times"), given.get("over")
    if (times is None) == (over is None):
        help = "write `repeat: {times: 4, layers: [...]}`"
        raise fail("GC212", "`repeat` needs either `times` or `over`", step.word, help)
    if times is not None:
        count = attribute_of("repeat", "times", Int(1), environment.substitute(times))
        check_nodes(count, times.span)
        return [Scalar(str(i), times.span) for i in range(count)]
    items = environment.substitute(over)
    if not isinstance(items, Sequence) or not len(items):
        raise fail("GC210", f"`over` of `repeat`: expected a list, found {describe(items)}", over)
    return list(items)


def _noted(where: str, step: syntax.Step, context: Context, action, *arguments):
    """What an action gives; what it reports has a note that says where it happened."""
    expander = context.expander
    report, expander.report = expander.report, Report()
    try:
        return action(*arguments)
    except SpecError as error:
        expander.report.diagnostics += error.diagnostics
        raise Poisoned from None
    finally:
        found, expander.report = expander.report, report
        note = Note(where, step.operation_span)
        expander.take(replace(each, notes=(*each.notes, note)) for each in found.diagnostics)


def _copy(tree, name: str, kind, word, outer, scope: Scope, context: Context):
    """One layer as a node, and the outer values it reads; `word` names its input."""
    expander = context.expander
    title = name.rsplit("/", 1)[-1]
    title = f"{title}_layer" if title != "repeat" else "layer"
    own = "x"
    while own in _step_names(tree):
        own += "_"
    assembly = Assembly(title, {own: kind}, scope.assembly, mark=OUTER)
    for each in outer:
        assembly.bring(each, scope.assembly)
    place = scope
    if word is not None:
        if not isinstance(word, Scalar):
            raise fail(
                "GC210", f"`input` of `repeat`: expected a name, found {describe(word)}", word
            )
        place = Scope(assembly, {check_name(word): Ref(own)}, scope)
    handed = Layers(tree, context, place)
    last = expander.layers(handed, "", Scope(assembly), Ref(own), context)
    if last is None:
        raise Poisoned
    captured = tuple(assembly.captured.values())
    nodes = list(assembly.nodes.values())
    inputs = tuple(Ref(each) for each in assembly.inputs)
    alone = len(nodes) == 1 and not nodes[0].operation.variadic and not nodes[0].operation.ports
    if alone and nodes[0].inputs == inputs and last == Ref(nodes[0].name):
        return nodes[0], captured
    return Node(title, Call(assembly.finish((("y", last),)), inline=True)), captured


def _step_names(tree) -> set[str]:
    """The names that a list of steps gives, not counting those inside of steps."""
    items = tree.items if isinstance(tree, Sequence) else ()
    names = (each.get("name") for each in items if isinstance(each, Mapping))
    return {each.text for each in names if isinstance(each, Scalar)}


def parallel(
    step: syntax.Step, name: str, scope: Scope, default, context: Context, named: bool
) -> Ref:
    """`parallel: {branches: [[...], [...]], join: concat}`: branches side by side, then joined."""
    branches, operation = branching(wrapped(step), step, context.environment)
    expander = context.expander
    (source,) = expander.sources(step, name, (("x", False),), False, scope, default)
    ends = []
    for i, branch in enumerate(branches):
        handed = Layers(branch, context, scope)
        ends.append(expander.layers(handed, f"{name}/{i}/", scope, source, context))
    if any(end is None for end in ends):
        raise Poisoned
    return scope.assembly.add(name, operation, tuple(ends), step.operation_span, named)


def branching(
    given: Mapping, step: syntax.Step, environment: Environment
) -> tuple[Sequence, Operation]:
    """The branches of a `parallel`, and what joins them."""
    branches, join = given.get("branches"), given.get("join")
    if not isinstance(branches, Sequence) or not len(branches):
        found = describe(branches) if branches is not None else "nothing"
        found = "an empty list" if isinstance(branches, Sequence) else found
        message = f"`branches` of `parallel`: expected a list of chains, found {found}"
        help = "write `parallel: {branches: [[...], [...]]}`"
        place = branches if branches is not None else step.word
        raise fail("GC210", message, place, help)
    operation = operations["concat"]()
    if join is not None:
        operation = _joining(environment.substitute(join))
    _check_chains(branches)
    return branches, operation


def _joining(tree: Tree) -> Operation:
    word = tree.entries[0][0] if isinstance(tree, Mapping) and len(tree) == 1 else tree
    named = isinstance(word, Scalar) and isinstance(word.value, str)
    if named and not joins(operations.find(word.text, word.span)):
        help = f"these do: {listing(each.name for each in operations if joins(each))}"
        raise fail("GC210", f"`{word.text}` does not join several values", word, help)
    return attribute_of("parallel", "join", Declared(operations), tree)


def joins(kind: type[Operation]) -> bool:
    """Whether it can join the branches of a `parallel`."""
    return kind.variadic and not kind.names and kind.trait(Opaque) is None


def _check_chains(several: Iterable[Tree]) -> None:
    help = "write the steps in brackets: `[relu]`"
    found = [each for each in several if not isinstance(each, (Sequence, Callback))]
    if found:
        raise SpecError(
            Diagnostic("GC207", f"expected a list of steps, found {describe(e)}", e.span, help=help)
            for e in found
        )


WRAPPER_FORMS = {
    "repeat": repeat,
    "parallel": parallel,
    "message_passing": message_passing,
}
