"""One walk for all passes: a rewrite of one level becomes a rewrite of every level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphc.core.operation import Operation
from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.graph import Graph


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
        elif isinstance(each, Stack):
            waiting.append(each.layer)
    return found
