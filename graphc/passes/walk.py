"""One walk for all passes: a rewrite of one level becomes a rewrite of every level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from graphc.core.operation import Operation
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.forms import Beside, Folded
from graphc.graph.graph import Graph, arrange
from graphc.graph.node import Node, Ref


def everywhere(rewrite: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
    """Apply `rewrite` to the graphs inside first, each distinct one once, then to the whole."""
    known: dict[Graph, Graph] = {}

    def graph_of(graph: Graph) -> Graph:
        if graph not in known:
            nodes = [replace(node, operation=operation(node.operation)) for node in graph.nodes]
            known[graph] = rewrite(replace(graph, nodes=tuple(nodes)))
        return known[graph]

    def operation(value: Operation) -> Operation:
        if isinstance(value, Call):
            return replace(value, graph=graph_of(value.graph))
        if isinstance(value, Repeat):
            done = {copy: operation(copy) for copy in dict.fromkeys(value.copies)}
            return Repeat(tuple(done[copy] for copy in value.copies))
        if isinstance(value, Stack):
            return replace(value, layer=operation(value.layer))
        return value

    return graph_of


def inside(operation: Operation) -> list[Operation]:
    """Every operation in an operation, itself included, each distinct graph once."""
    found: list[Operation] = []
    waiting: list[Operation] = [operation]
    seen: set[Graph] = set()
    while waiting:
        each = waiting.pop()
        found.append(each)
        if isinstance(each, Call) and each.graph not in seen:
            seen.add(each.graph)
            waiting += [node.operation for node in each.graph.nodes]
        elif isinstance(each, Repeat):
            waiting += dict.fromkeys(each.copies)
        elif isinstance(each, Stack | Folded):
            waiting.append(each.layer)
        elif isinstance(each, Beside):
            waiting += each.layers
    return found


def has_weights(operation: Operation, types: tuple[Type, ...]) -> bool:
    """Whether an operation, or something inside it, holds arrays of its own."""
    if isinstance(operation, NetworkCall):
        return False
    if isinstance(operation, Call):
        inner = operation.graph
        return any(has_weights(each.operation, inner.input_types(each)) for each in inner.nodes)
    if isinstance(operation, Repeat):
        return any(has_weights(copy, types) for copy in dict.fromkeys(operation.copies))
    if isinstance(operation, Stack):
        return has_weights(operation.layer, types)
    return bool(operation.weights(*types))


def rewired(graph: Graph, nodes: Iterable[Node], moved: Mapping[Ref, Ref]) -> Graph:
    """The graph over these nodes, where whatever reads a value that moved reads the other one."""

    def now(ref: Ref) -> Ref:
        while ref in moved:
            ref = moved[ref]
        return ref

    kept = [replace(node, inputs=tuple(ref and now(ref) for ref in node.inputs)) for node in nodes]
    outputs = tuple((port, now(ref)) for port, ref in graph.outputs)
    return Graph(graph.name, graph.inputs, arrange(graph.inputs, kept), outputs)
