"""gates: how the parts of a product in the step of a loop go through their functions, on a CPU.

Rules:
    1. The gates of a cell are parts of one product. Where some of them go through a sigmoid and
       others through a tanh, all go through one tanh, for `sigmoid(x) = tanh(x / 2) / 2 + 1 / 2`:
       one function over the whole product is faster than one over each part (`benchmarks loops`).
    2. What is computed before the loop and added to other parts comes to the step by parts too,
       where no further product waits for these: columns of the value of a step are read slowly
       (`benchmarks loops --only parts`, which has a cell with such a product).
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import TanhLike
from graphc.graph.forms import Part, Product
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.time import Scan
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere


def join_gates(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with one tanh for the gates of a product; see the module's text for the rules."""
    if not remarks.forms.gates:
        return graph

    def joined(each: Graph) -> Graph:
        for node in each.nodes:
            if (factors := _factors(each, node)) is not None:
                each = _through_tanh(each, node, factors)
                remarks.did(1, f"the parts of `{node.name}` go through one tanh", node.span)
        for node in each.nodes:
            if isinstance(node.operation, Scan):
                each = _by_parts(each, node, remarks)
        return each

    return everywhere(joined)(graph)


def _factors(graph: Graph, product: Node) -> tuple[float, ...] | None:
    """Those of the functions of a product's parts, where these are several of equal size."""
    operation = product.operation
    if not isinstance(operation, Product) or len(set(operation.parts)) != 1:
        return None
    found = {}
    for node in graph.nodes:
        if Ref(product.name) not in node.references:
            continue
        part = node.operation
        activation = part.activation if isinstance(part, Part) else None
        trait = activation.trait(TanhLike) if activation is not None else None
        if not isinstance(part, Part) or not isinstance(trait, TanhLike):
            return None
        found[part.index] = trait.factor
    whole = len(found) == len(operation.parts) and len(set(found.values())) > 1
    return tuple(found[index] for index in sorted(found)) if whole else None


def _through_tanh(graph: Graph, product: Node, factors: tuple[float, ...]) -> Graph:
    def moved(node: Node) -> Node:
        if node.name == product.name:
            return replace(node, operation=replace(node.operation, factors=factors))
        if Ref(product.name) in node.references:
            return replace(node, operation=replace(node.operation, activation=None))
        return node

    return replace(graph, nodes=tuple(map(moved, graph.nodes)))


def _by_parts(graph: Graph, loop: Node, remarks: Remarks) -> Graph:
    """The graph in which what is added to parts in a loop comes to it by parts; see rule 2."""
    step = loop.operation.graph
    given = dict(zip((word for word, _ in step.inputs), loop.references, strict=True))
    outside, inside = {}, {}
    for node in step.nodes:
        if not _adds_to_parts(node, loop):
            continue
        source = graph.by_name.get(given[node.inputs[2].node].node)
        if source is not None and _may_have_parts(graph, source, loop):
            parts = node.operation.parts
            outside[source.name] = replace(source, operation=replace(source.operation, parts=parts))
            inside[node.name] = replace(node, operation=replace(node.operation, apart=True))
            remarks.did(2, f"what is added to `{node.name}` comes by parts", node.span)
    if outside:
        step = _with(step, inside)
        outside[loop.name] = replace(loop, operation=replace(loop.operation, graph=step))
    return _with(graph, outside)


def _with(graph: Graph, nodes: dict[str, Node]) -> Graph:
    return replace(graph, nodes=tuple(nodes.get(node.name, node) for node in graph.nodes))


def _adds_to_parts(product: Node, loop: Node) -> bool:
    """Whether a node of a loop is a product with parts, and adds a stream that it alone reads."""
    operation, scan = product.operation, loop.operation
    if not isinstance(operation, Product) or len(operation.parts) < 2 or operation.factors:
        return False
    rest, types = product.inputs[2], scan.graph.types
    if rest not in [Ref(word) for word, _ in scan.graph.inputs[: scan.now]]:
        return False
    same = types[rest].domain == types[Ref(product.name)].domain
    return same and _times_read(scan.graph, rest) == 1 and not _is_waited_for(scan.graph, product)


def _is_waited_for(graph: Graph, product: Node) -> bool:
    """Whether a further product needs it in the same step."""
    behind = {product.name}
    for node in graph.nodes:  # in topological order
        if any(ref.node in behind for ref in node.references):
            if isinstance(node.operation, Product):
                return True
            behind.add(node.name)
    return False


def _may_have_parts(graph: Graph, source: Node, loop: Node) -> bool:
    """Whether it is a product that the loop alone reads, and steps stand right behind examples."""
    operation, ref = source.operation, Ref(source.name)
    if not isinstance(operation, Product) or operation.parts or _times_read(graph, ref) != 1:
        return False
    return graph.types[ref].domain.index(loop.operation.axis) == 1


def _times_read(graph: Graph, ref: Ref) -> int:
    read = [each for node in graph.nodes for each in node.references]
    return [*read, *(each for _, each in graph.outputs)].count(ref)
