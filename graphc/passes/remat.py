"""remat: what is computed again on the way back rather than kept, as the spec asks.

Rules:
    1. Of what is marked the way back keeps the inputs alone. Of layers (a `repeat`, rolled or not)
       it keeps those of each layer.
    2. On a cycle over time nothing is marked: the loop over its steps has its own way back.
    3. A program for inference has no way back, and no marks.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.graph.cycles import cycles
from graphc.graph.graph import Graph
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere


def mark(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with marks where they say something; see the module's text for the rules."""

    def visit(each: Graph) -> Graph:
        if not any(node.remat for node in each.nodes):
            return each
        looped = {name for cycle in cycles(each.nodes) for name in cycle.names}
        nodes = []
        for node in each.nodes:
            if node.remat and node.name in looped:
                text = f"`{node.name}` is kept: it stands in a loop over steps"
                remarks.left(2, text, node.span)
                node = replace(node, remat=False)
            elif node.remat:
                text = f"`{node.name}` is computed again on the way back"
                remarks.did(1, text, node.span)
            nodes.append(node)
        return replace(each, nodes=tuple(nodes))

    return everywhere(visit)(graph)


def unmarked(graph: Graph) -> Graph:
    """The graph without marks."""

    def visit(each: Graph) -> Graph:
        return replace(each, nodes=tuple(replace(node, remat=False) for node in each.nodes))

    return everywhere(visit)(graph)
