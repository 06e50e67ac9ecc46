"""Networks that can be gone through one step at a time, with what they carry kept in between.

Such a network reads streams over one axis and gives streams over it, and what it gives for a step
depends on that step and those before. So a *memory*, which holds the carried values by their paths,
is all that one call of it has to leave to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.operation import Opaque, Operation, Remembering
from graphc.core.span import Span
from graphc.core.types import BATCH, Axis, Type, time_axes
from graphc.graph.calls import Call, Repeat, Stack, distinct
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.graph.tied import Tied
from graphc.graph.time import Affine, Clock, Delay, Scan, Shift

Types = tuple[Type, ...]


def steps_of(graph: Graph) -> Axis | None:
    """The axis that a network goes along step by step, if it can; before the passes."""
    axis = _shared_axis(graph)
    return axis if axis is not None and next(_across(graph, axis, ()), None) is None else None


def obstacles(graph: Graph, place: Span) -> list[Diagnostic]:
    """Why a network cannot go step by step, before the passes: GC630, none where it can.

    Args:
        place: where the network stands, for what is wrong with it as a whole.
    """
    axes = dict.fromkeys(axis for _, kind in graph.inputs for axis in time_axes(kind))
    if not axes:
        message = "this network has no steps: none of its inputs is a sequence"
        return [Diagnostic("GC630", message, place, help="give an input a first axis `time`")]
    found = [each for axis in axes for each in _across(graph, axis, ())]
    if not found and _shared_axis(graph) is None:
        message = "this network does not go step by step: not all of its inputs and outputs are"
        found = [Diagnostic("GC630", f"{message} sequences over one axis", place)]
    return found


def with_memory(graph: Graph, axis: Axis) -> Graph:
    """One level of a graph after the passes, where a memory may have what goes over the axis."""

    def remembering(node: Node) -> Node:
        operation = node.operation
        if isinstance(operation, Shift | Clock) and operation.axis == axis:
            return replace(node, operation=replace(operation, kept=node.name))
        if isinstance(operation, Scan | Affine) and operation.axis == axis:
            return replace(node, operation=replace(operation, kept=True))
        return replace(node, operation=_keeping(operation, graph.input_types(node), axis))

    return replace(graph, nodes=tuple(map(remembering, graph.nodes)))


def _keeping(operation: Operation, types: Types, axis: Axis) -> Operation:
    """The operation, where it reads so many steps before its own with a memory that keeps them."""
    if isinstance(operation, Repeat):
        copies = []
        for copy in operation.copies:
            copies.append(_keeping(copy, types, axis))
            types = (copy.infer(*types), *types[1:])  # type: ignore[assignment]
        return replace(operation, copies=tuple(copies))
    if isinstance(operation, Stack):
        return replace(operation, layer=_keeping(operation.layer, types, axis))
    if isinstance(operation, Tied):
        own = types[: len(operation.layer.inputs)]
        return replace(operation, layer=_keeping(operation.layer, own, axis))
    reach = operation.reach(*types) if isinstance(operation, Remembering) else None
    kept = reach is not None and reach.axis == axis and reach.before is not None
    return replace(operation, kept=True) if kept else operation


def _shared_axis(graph: Graph) -> Axis | None:
    """The axis that all inputs and outputs have behind the batch, and no other one."""
    kinds = [kind for _, kind in graph.inputs] + [graph.types[ref] for _, ref in graph.outputs]
    axes = dict.fromkeys(axis for kind in kinds for axis in time_axes(kind))
    return next((axis for axis in axes if all(k.domain == (BATCH, axis) for k in kinds)), None)


def _across(graph: Graph, axis: Axis, notes: tuple[Note, ...]) -> Iterator[Diagnostic]:
    """What needs more of an axis than the step at hand and those before."""
    for node in graph.nodes:
        for operation, types in distinct(node.operation, graph.input_types(node)):
            if isinstance(operation, Call):
                note = Note(f"that is part of `{_word(node)}`", node.span)
                yield from _across(operation.graph, axis, (note, *notes))
            elif reason := _reason(operation, types, axis):
                message = f"`{_word(node)}` {reason}, so the network cannot go step by step"
                yield Diagnostic("GC630", message, node.span, notes)


def _reason(operation: Operation, types: Types, axis: Axis) -> str | None:
    if isinstance(operation, Delay):
        ahead = operation.axis == axis and operation.offset > 0
        return "reads a step that is yet to come" if ahead else None
    if not any(axis in kind.domain for kind in types):
        return None
    if operation.trait(Opaque):
        return "is code of your own, which may need all steps"
    made = operation.infer(*types)
    kinds = made.values() if isinstance(made, dict) else (made,)
    reach = operation.reach(*types)
    anywhere = reach is not None and reach.axis == axis and reach.before is None
    if anywhere or not all(axis in kind.domain for kind in kinds):
        return "needs all steps"
    return None


def _word(node: Node) -> str:
    given = (node.named and not node.part) or isinstance(node.operation, Delay)
    return node.name if given else node.operation.name
