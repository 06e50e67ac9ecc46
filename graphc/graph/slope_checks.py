"""What keeps a gradient from being that of each example by itself."""

from __future__ import annotations

from collections.abc import Iterator

from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.operation import BatchCoupled, Operation
from graphc.core.types import BATCH, Type
from graphc.graph.calls import Call, Repeat, Stack, distinct
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import before, behind, between, is_gradient


def slope_complaints(graph: Graph) -> Iterator[Diagnostic]:
    """What is wrong with the gradients of a graph and of the blocks that it calls (GC439)."""
    waiting, seen = [graph], {graph}
    while waiting:
        level = waiting.pop()
        for node in level.nodes:
            if is_gradient(node) and (found := _complaint(level, node)) is not None:
                yield found
            inner = {each.graph for each in _calls(node.operation)} - seen
            seen |= inner
            waiting += inner


def _calls(operation: Operation) -> Iterator[Call]:
    several = operation.copies if isinstance(operation, Repeat) else (operation,)
    for each in several:
        each = each.layer if isinstance(each, Stack) else each
        if isinstance(each, Call):
            yield each


def _complaint(graph: Graph, node: Node) -> Diagnostic | None:
    of, by = node.references
    what = f"the gradient of `{_word(graph, of)}` with respect to `{_word(graph, by)}`"
    if graph.is_weight(by):
        message = f"`{by}` is an array of a layer, and a gradient is with respect to a value"
        help = f"name a value that is a weight, `{by.port}: {{weight: ...}}`, and give it the layer"
        return Diagnostic("GC439", message, node.span, help=help)
    if by.node in behind(graph, by):
        message = f"`{_word(graph, by)}` stands on a cycle over time, which it would change itself"
        help = "take the gradient with respect to what the cycle reads, or of what it gives"
        return Diagnostic("GC439", message, node.span, help=help)
    names = before(graph, of) & behind(graph, by)
    if not names and of != by:
        message = f"`{_word(graph, by)}` has no part in `{_word(graph, of)}`"
        help = "name a value that it is made of, up to which nothing stops the gradient"
        return Diagnostic("GC439", message, node.span, help=help)
    for name in names:
        inner = graph.by_name[name]
        if is_gradient(inner) and by.node in between(graph, inner):
            message = (
                f"`{_word(graph, by)}` lies inside of the gradient `{_word(graph, Ref(name))}`"
            )
            message += f", of which `{_word(graph, of)}` is made"
            help = f"take it with respect to `{_word(graph, inner.references[1])}` too"
            return Diagnostic("GC439", message, node.span, help=help)
    culprit = _meeting(graph, {by.node}, {of.node})
    if culprit is not None:
        return _across(what, node, culprit)
    if BATCH in graph.types[of].domain and BATCH not in graph.types[by].domain:
        message = (
            f"{what} would be one for all examples, for `{_word(graph, by)}` is the same for all"
        )
        help = "an objective that updates it goes along such a gradient: `minimize`"
        return Diagnostic("GC439", message, node.span, help=help)
    return None


def _across(what: str, node: Node, culprit: tuple[Node, bool]) -> Diagnostic:
    inner, meet = culprit
    word = inner.operation.name
    if meet:
        message = f"{what} goes through `{word}`, in which examples meet"
        help = "use `layer_norm` or `group_norm`, which take each example by itself"
    else:
        message = f"{what} goes through `{word}`, whose statistics it would move"
        help = "leave the `kernel_norm` out, or use `weight_norm`, which has no statistics"
    notes = (Note(f"`{word}` stands here", inner.span),)
    return Diagnostic("GC439", message, node.span, notes, help)


def _meeting(graph: Graph, begun: set[str], ends: set[str]) -> tuple[Node, bool] | None:
    """The first node between values in which examples meet, or that moves statistics.

    Returns it, and whether examples meet.
    """
    behind_them: set[str] = set(begun)
    needed = {name for end in ends for name in before(graph, Ref(end))}
    for _ in range(2):  # a cycle leads back to nodes that come before
        for node in graph.nodes:
            if any(ref.node in behind_them for ref in graph.values(node)):
                behind_them.add(node.name)
    for node in graph.nodes:
        if node.name not in (behind_them - begun) & needed:
            continue
        marked = tuple(ref.node in behind_them for ref in node.references)
        found = _inside(node, graph.input_types(node), marked)
        if found is not None:
            return found
    return None


def _inside(
    node: Node, types: tuple[Type, ...], marked: tuple[bool, ...]
) -> tuple[Node, bool] | None:
    for each, kinds in distinct(node.operation, types):
        if isinstance(each, Call):
            inputs = zip(each.graph.inputs, marked, strict=True)
            begun = {name for (name, _), mark in inputs if mark}
            found = _meeting(each.graph, begun, {ref.node for _, ref in each.graph.outputs})
            if found is not None:
                return found
        elif each.trait(BatchCoupled):
            return node, True
        elif any(weight.kind == "statistic" for weight in each.weights(*kinds).values()):
            return node, False
    return None


def _word(graph: Graph, ref: Ref) -> str:
    """What a value is called; a part of a formula by its operation."""
    node = graph.by_name.get(ref.node)
    if node is None or not node.part:
        return str(ref)
    return getattr(node.operation, "title", node.operation.name)
