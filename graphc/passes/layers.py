"""Every layer of a graph, in whatever form it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from graphc.core.operation import Operation
from graphc.core.types import Type
from graphc.graph.calls import Repeat, Stack
from graphc.graph.forms import Beside, Folded
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.graph.tied import Tied
from graphc.passes.walk import everywhere

Change = Callable[[Operation, tuple[Type, ...], Node], Operation]
"""Another form of a layer, by the types of its inputs and the node that it stands in."""


def each_layer(graph: Graph, change: Change) -> Graph:
    """The graph with every layer changed."""

    def inner(operation: Operation, types: tuple[Type, ...], node: Node) -> Operation:
        if isinstance(operation, Repeat):
            return Repeat(tuple(copies(operation, types, node)))
        if isinstance(operation, Tied):
            types = types[: len(types) - len(operation.given)]
        if isinstance(operation, Tied | Stack | Folded):
            return replace(operation, layer=inner(operation.layer, types, node))
        if isinstance(operation, Beside):
            layers = (inner(each, types, node) for each in operation.layers)
            return replace(operation, layers=tuple(layers))
        return change(operation, types, node)

    def copies(repeat: Repeat, types: tuple[Type, ...], node: Node) -> Iterator[Operation]:
        known: dict = {}
        for copy in repeat.copies:
            if (copy, types) not in known:
                after = (copy.infer(*types), *types[1:])
                known[copy, types] = inner(copy, types, node), after
            changed, types = known[copy, types]
            yield changed

    def visit(each: Graph) -> Graph:
        nodes = (
            replace(node, operation=inner(node.operation, each.input_types(node), node))
            for node in each.nodes
        )
        return replace(each, nodes=tuple(nodes))

    return everywhere(visit)(graph)
