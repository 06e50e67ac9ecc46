"""Walks through networks, node by node, with the paths by which `train` names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from graphc.core.operation import Operation
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.graph.tied import Tied

Visit = Callable[[Node, str], Node | None]
"""A node in another form, or None where the walk goes on inside of it."""
Change = Callable[[Operation, str], Operation]
"""Another form of an operation that nothing is inside of."""


def deeper(node: Node, path: str) -> None:
    """Goes on inside of every node."""


def as_it_is(operation: Operation, path: str) -> Operation:
    """Changes no operation."""
    return operation


def by_path(
    networks: Mapping[str, Graph],
    training: str,
    visit: Visit = deeper,
    change: Change = as_it_is,
) -> dict[str, Graph]:
    """The networks after a walk; paths begin with the network's name where there are several.

    Args:
        training: the network that is the values and objectives, which is left as it is.
    """

    def graph_of(graph: Graph, path: str) -> Graph:
        nodes = []
        for node in graph.nodes:
            here = f"{path}{node.name}"
            changed = visit(node, here)
            nodes.append(changed or replace(node, operation=inside(node.operation, here)))
        return replace(graph, nodes=tuple(nodes))

    def inside(operation: Operation, path: str) -> Operation:
        if isinstance(operation, Call) and not isinstance(operation, NetworkCall):
            return replace(operation, graph=graph_of(operation.graph, f"{path}/"))
        if isinstance(operation, Repeat):
            copies = enumerate(operation.copies)
            return Repeat(tuple(inside(each, f"{path}/{i}") for i, each in copies))
        if isinstance(operation, Tied):
            return replace(operation, layer=inside(operation.layer, path))
        return change(operation, path)

    return {
        name: graph if name == training else graph_of(graph, f"{name}/" if name else "")
        for name, graph in networks.items()
    }
