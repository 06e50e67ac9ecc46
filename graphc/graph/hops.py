"""Networks over nodes whose neighbours are drawn: how far the values of a node reach.

A value that reaches h edges far is known of all levels of drawn neighbours but the last h. Where
values meet that reach differently far, those of the nearer one are cut to the nodes of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graphc.core.code import Code, code
from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.operation import AlongEdges, Hearing, Input, Operation
from graphc.core.types import NODES, Type, edges_axis, nodes_axis
from graphc.graph.calls import Call, Repeat, distinct
from graphc.graph.graph import Graph, arrange
from graphc.graph.node import Node, Ref
from graphc.graph.tied import Tied
from graphc.graph.time import Delay

Hops = dict[Ref, int]


@dataclass(frozen=True)
class Nearest(Operation):
    """What those nodes of x hold that are also nodes of another value, the first ones."""

    name = "nearest"
    inputs = (Input(), Input("like"))

    def infer(self, x: Type, like: Type) -> Type:
        return x

    def call_code(self, x: Type, like: Type) -> Code:
        here, there = (":, " * each.domain.index(NODES) for each in (x, like))
        return code(f"$x[{here}: $like.shape[{there.count(':')}]]")


def hops(graph: Graph) -> Hops:
    """How many edges away the farthest node is that each value over nodes is made of."""
    found = {Ref(name): 0 for name, kind in graph.inputs if nodes_axis(kind)}
    for node in graph.nodes:
        far = farthest(graph, found, node)
        for ref, more in _more(graph, node):
            found[ref] = far + more
    return found


def farthest(graph: Graph, found: Mapping[Ref, int], node: Node) -> int:
    """The most hops of what a node reads."""
    return max((found.get(ref, 0) for ref in node.before), default=0)


def hops_of(graph: Graph) -> int:
    """The most hops of its outputs."""
    found = hops(graph)
    return max(found.get(ref, 0) for _, ref in graph.outputs)


def _more(graph: Graph, node: Node) -> Iterator[tuple[Ref, int]]:
    """The values of a node that are over nodes, and how much farther than its inputs each goes."""
    operation = node.operation
    refs = [Ref(node.name), *(Ref(node.name, port) for port in operation.ports)]
    inner = operation.graph if isinstance(operation, Call) else None
    several = hops(inner) if inner else {}
    ports = dict(inner.outputs) if inner else {}
    for ref in refs:
        if nodes_axis(graph.types[ref]) is None:
            continue
        if inner is None:
            yield ref, _own(operation)
        else:
            yield ref, several.get(ports.get(ref.port, inner.outputs[0][1]), 0)


def _own(operation: Operation) -> int:
    """The hops of one operation."""
    if isinstance(operation, Repeat):
        return sum(map(_own, operation.copies))
    if isinstance(operation, Call):
        return hops_of(operation.graph)
    return int(_hears(operation))


def _hears(operation: Operation) -> bool:
    layer = operation.layer if isinstance(operation, Tied) else operation
    return isinstance(layer, Hearing)


def hearing_drawn(graph: Graph) -> Graph:
    """One level of a graph for neighbours that are drawn."""
    found = hops(graph)
    nodes: list[Node] = []
    for node in graph.nodes:
        far = farthest(graph, found, node)
        like = next((ref for ref in node.references if found.get(ref, 0) == far), None)
        inputs = []
        for place, ref in enumerate(node.inputs):
            if ref is not None and like is not None and found.get(ref, far) < far:
                name = f"{node.name}:near_{place}"
                nodes.append(Node(name, Nearest(), (ref, like), node.span))
                ref = Ref(name)
            inputs.append(ref)
        nodes.append(replace(node, operation=_drawn(node.operation), inputs=tuple(inputs)))
    outputs, far = [], hops_of(graph)
    like = next(ref for _, ref in graph.outputs if found.get(ref, 0) == far)
    for port, ref in graph.outputs:
        if found.get(ref, far) < far:
            name = f"{ref.node}:near_{port}"
            nodes.append(Node(name, Nearest(), (ref, like)))
            ref = Ref(name)
        outputs.append((port, ref))
    return Graph(graph.name, graph.inputs, arrange(graph.inputs, nodes), tuple(outputs))


def _drawn(operation: Operation) -> Operation:
    if isinstance(operation, Tied):
        return replace(operation, layer=_drawn(operation.layer))
    if isinstance(operation, Repeat):
        return replace(operation, copies=tuple(map(_drawn, operation.copies)))
    return replace(operation, drawn=True) if isinstance(operation, Hearing) else operation


def needing_all(graph: Graph, notes: tuple[Note, ...] = ()) -> Iterator[Diagnostic]:
    """What cannot be done with neighbours that are drawn (GC428)."""
    for node in graph.nodes:
        types = graph.input_types(node)
        several = isinstance(node.operation, Repeat) and _own(node.operation)
        if several and sum(nodes_axis(kind) is not None for kind in types) > 1:
            message = "values from around a `repeat` of layers along edges are over other nodes"
            yield _needs(node, message, notes)
            continue
        for operation, given in distinct(node.operation, types):
            if isinstance(operation, Call):
                note = Note(f"that is part of `{node.name}`", node.span)
                yield from needing_all(operation.graph, (note, *notes))
            elif reason := _reason(operation, given):
                yield _needs(node, f"`{operation.name}` {reason}", notes)


def _needs(node: Node, message: str, notes: tuple[Note, ...]) -> Diagnostic:
    help = "leave `neighbours` out: the graph is then gone through as a whole"
    message = f"{message}, so neighbours cannot be drawn"
    return Diagnostic("GC428", message, node.span, notes, help)


def _reason(operation: Operation, types: tuple[Type, ...]) -> str | None:
    """Why an operation needs the graph as it is."""
    if not any(nodes_axis(kind) or edges_axis(kind) for kind in types):
        return None
    if isinstance(operation, Delay):
        return "is a cycle over the nodes of a graph"
    made = operation.infer(*types)
    kinds = [*types, *(made.values() if isinstance(made, dict) else (made,))]
    if any(edges_axis(kind) for kind in kinds):
        return "holds values at edges"
    reach = operation.reach(*types)
    if not all(nodes_axis(kind) for kind in kinds[len(types) :]) or (reach and reach.axis == NODES):
        return "needs all nodes"
    if operation.trait(AlongEdges) and not _hears(operation):
        return "goes along several edges at once"
    return None
