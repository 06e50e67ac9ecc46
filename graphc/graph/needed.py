"""What a value of a graph is made of: the nodes behind it, and the networks that they call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphc.core.operation import Operation
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref


def needed(graph: Graph, refs: Iterable[Ref]) -> list[Node]:
    """The nodes that these values are made of, in the order of the graph."""
    found: set[str] = set()
    waiting = [ref.node for ref in refs]
    while waiting:
        word = waiting.pop()
        if word in graph.by_name and word not in found:
            found.add(word)
            waiting += (each.node for each in graph.by_name[word].references)
    return [node for node in graph.nodes if node.name in found]


def called(operation: Operation, networks: Mapping[str, Graph] | None = None) -> set[str]:
    """The networks that an operation calls, and with `networks` those that these call in turn."""
    found: set[str] = set()
    waiting: list[Operation] = [operation]
    while waiting:
        each = waiting.pop()
        if isinstance(each, NetworkCall):
            if each.network not in found and networks is not None:
                waiting += (node.operation for node in networks[each.network].nodes)
            found.add(each.network)
        elif isinstance(each, Call):
            waiting += (node.operation for node in each.graph.nodes)
        elif isinstance(each, Repeat):
            waiting += dict.fromkeys(each.copies)
    return found


def with_called(networks: Mapping[str, Graph], name: str) -> dict[str, Graph]:
    """A network, and those that it calls."""
    found = {name}
    for node in networks[name].nodes:
        found |= called(node.operation, networks)
    return {word: graph for word, graph in networks.items() if word in found}
