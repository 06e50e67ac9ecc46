"""Whether the data asks for the pairs of nodes that a network scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphc.core.diagnostic import Report
from graphc.core.operation import OverPairs
from graphc.core.types import ENDS, Type
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node


def check_pairs(networks: Mapping[str, Graph], fields: Mapping[str, Type], report: Report) -> bool:
    """Report (GC406) nodes over pairs where the data asks for none; whether all is well."""
    nodes = [] if ENDS in fields else list(_over_pairs(networks))
    for node in nodes:
        message = f"`{node.operation.name}` scores the pairs of nodes that the data asks for, and"
        help = "`data: {links: cora}` asks for links of a graph"
        report.error("GC406", f"{message} this data asks for none", node.span, help=help)
    return not nodes


def _over_pairs(networks: Mapping[str, Graph]) -> Iterator[Node]:
    """The nodes of networks and blocks whose values are over pairs."""
    waiting = [node for graph in networks.values() for node in graph.nodes]
    while waiting:
        node = waiting.pop(0)
        operation = node.operation
        several = operation.copies[:1] if isinstance(operation, Repeat) else (operation,)
        for each in several:
            if isinstance(each, Call) and not isinstance(each, NetworkCall):
                waiting += each.graph.nodes
            elif each.trait(OverPairs) is not None:
                yield node
