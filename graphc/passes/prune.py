"""prune: what no output needs is not computed.

Rules:
    1. A node that no output depends on is removed, with its weights. One of which only the arrays
       are read (tied weights) stays; its value is not computed.
    2. A node that gives its only input unchanged (`flatten` of [64]) is bypassed.
    3. An output of a block that is not read where the block is called is none there: a loop that
       would keep it for all steps does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphc.core.operation import Operation, Unchanged
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import pinned
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, rewired


def prune(graph: Graph, remarks: Remarks) -> Graph:
    """The graph without what it does not need; see the module's text for the rules."""
    narrowed = _narrowing(remarks)(graph)
    return everywhere(lambda each: _bypass(_remove(each, remarks), remarks))(narrowed)


def _narrowing(remarks: Remarks) -> Callable[[Graph], Graph]:
    """Gives a graph whose blocks, and those in them, give what is read of them and no more."""
    known: dict[Graph, Graph] = {}

    def graph_of(graph: Graph) -> Graph:
        if graph not in known:
            known[graph] = _narrowed(graph, operation, remarks)
        return known[graph]

    def operation(value: Operation) -> Operation:
        if isinstance(value, Call):
            return replace(value, graph=graph_of(value.graph))
        if isinstance(value, Repeat):
            done = {copy: operation(copy) for copy in dict.fromkeys(value.copies)}
            return replace(value, copies=tuple(done[copy] for copy in value.copies))
        return value

    return graph_of


def _narrowed(graph: Graph, within: Callable[[Operation], Operation], remarks: Remarks) -> Graph:
    read = {ref for node in graph.nodes for ref in node.references}
    read |= {ref for _, ref in graph.outputs}
    nodes: list[Node] = []
    moved: dict[Ref, Ref] = {}
    for node in graph.nodes:
        operation = within(_called(node, read, remarks))
        if node.operation.ports and not operation.ports:
            moved |= {Ref(node.name, port): Ref(node.name) for port in node.operation.ports}
        nodes.append(replace(node, operation=operation))
    return rewired(graph, nodes, moved)


def _called(node: Node, read: set[Ref], remarks: Remarks) -> Operation:
    """The operation of a node, a call of a block without the outputs that are not read."""
    call = node.operation
    if not isinstance(call, Call) or isinstance(call, NetworkCall) or not call.ports:
        return call
    first, *_ = call.ports
    asked = {port for port in call.ports if Ref(node.name, port) in read}
    asked |= {first} if Ref(node.name) in read else set()
    outputs = tuple((port, ref) for port, ref in call.graph.outputs if port in asked)
    if len(outputs) == len(call.ports) or not outputs:
        return call
    for port in call.ports:
        if port not in asked:
            remarks.did(3, f"`{port}` of `{node.name}` is not kept: nothing reads it", node.span)
    return replace(call, graph=replace(call.graph, outputs=outputs))


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
    kept_apart = pinned(graph)
    for node in graph.nodes:
        kind = graph.types[Ref(node.name)]
        source = node.inputs[0] if len(node.inputs) == 1 else None
        unchanged = node.operation.trait(Unchanged)
        if unchanged is None or source is None or node.name in kept_apart:
            continue
        if graph.types[source] == kind:
            moved[Ref(node.name)] = source
            text = f"`{node.name}` is bypassed: it gives its input {kind} unchanged"
            remarks.did(2, text, node.span)
    kept = [node for node in graph.nodes if Ref(node.name) not in moved]
    return rewired(graph, kept, moved) if moved else graph
