"""inline: a block that is called on a cycle becomes part of the graph that has the cycle.

Rules:
    1. The nodes of a block that is called at every step of a cycle are nodes of that step, so that
       what does not depend on the cycle can leave it, and cycles of the block's own run with it.
       Weights keep their paths, for the name of the call stays in front of those of its nodes.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.graph.calls import Call, NetworkCall
from graphc.graph.cycles import cycles
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, rewired


def inline(graph: Graph, remarks: Remarks) -> Graph:
    """The graph without calls on its cycles; see the module's text for the rules."""

    def visit(each: Graph) -> Graph:
        while (node := _called(each)) is not None:
            remarks.did(1, f"the nodes of `{node.name}` stand in the loop themselves", node.span)
            each = inlined(each, node)
        return each

    return everywhere(visit)(graph)


def _called(graph: Graph) -> Node | None:
    nodes = (node for cycle in cycles(graph.nodes) for node in cycle.nodes)
    return next((node for node in nodes if _is_block(node)), None)


def _is_block(node: Node) -> bool:
    return isinstance(node.operation, Call) and not isinstance(node.operation, NetworkCall)


def inlined(graph: Graph, node: Node) -> Graph:
    """The graph with the nodes of a call in its place, their names behind its own."""
    assert isinstance(node.operation, Call)
    inner = node.operation.graph
    given = {Ref(name): ref for (name, _), ref in zip(inner.inputs, node.references, strict=True)}

    def moved(ref: Ref) -> Ref:
        return given[ref] if ref in given else replace(ref, node=f"{node.name}/{ref.node}")

    nodes = [
        replace(
            each,
            name=f"{node.name}/{each.name}",
            inputs=tuple(ref and moved(ref) for ref in each.inputs),
        )
        for each in inner.nodes
    ]
    outputs = {Ref(node.name, port): moved(ref) for port, ref in inner.outputs}
    outputs[Ref(node.name)] = moved(inner.outputs[0][1])
    rest = [each for each in graph.nodes if each.name != node.name]
    return rewired(graph, [*rest, *nodes], outputs)
