"""prune: what no output needs is not computed.

Rules:
    1. A node that no output depends on is removed, with its weights. One of which only the arrays
       are read (tied weights) stays; its value is not computed.
    2. A node that gives its only input unchanged (`flatten` of [64]) is bypassed.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import Unchanged
from graphc.graph.graph import Graph
from graphc.graph.node import Ref
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, rewired


def prune(graph: Graph, remarks: Remarks) -> Graph:
    """The graph without what it does not need; see the module's text for the rules."""
    return everywhere(lambda each: _bypass(_remove(each, remarks), remarks))(graph)


def _remove(graph: Graph, remarks: Remarks) -> Graph:
    needed: set[str] = set()
    waiting = [ref.node for _, ref in graph.outputs]
    while waiting:
        name = waiting.pop()
        if name in needed or name not in graph.by_name:
            continue
        needed.add(name)
        waiting += [each.node for each in graph.by_name[name].references]
    dead = [node for node in graph.nodes if node.name not in needed]
    for node in dead:
        if not node.part:
            remarks.did(1, f"`{node.name}` is removed: no output depends on it", node.span)
    if not dead:
        return graph
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name in needed))


def _bypass(graph: Graph, remarks: Remarks) -> Graph:
    moved: dict[Ref, Ref] = {}
    for node in graph.nodes:
        kind = graph.types[Ref(node.name)]
        source = node.inputs[0] if len(node.inputs) == 1 else None
        unchanged = node.operation.trait(Unchanged)
        if unchanged is not None and source is not None and graph.types[source] == kind:
            moved[Ref(node.name)] = source
            text = f"`{node.name}` is bypassed: it gives its input {kind} unchanged"
            remarks.did(2, text, node.span)
    kept = [node for node in graph.nodes if Ref(node.name) not in moved]
    return rewired(graph, kept, moved) if moved else graph
