"""precision: which products have operands in bfloat16, as the spec asks.

Rules:
    1. What has a form for it multiplies numbers that are rounded to bfloat16 and sums up in
       float32, in both directions. Weights, the optimiser and all else stay in float32.
    2. What has none stays in float32, and so do those products of a layer that its form leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphc.core.operation import PRECISIONS, Contracts, Multiplying, Operation
from graphc.graph.calls import Repeat, Stack
from graphc.graph.forms import Beside, Folded
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.graph.tied import Tied
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere

FLOAT32, BFLOAT16 = PRECISIONS


def set_precision(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with bfloat16 where it counts alone; see the module's text for the rules."""

    def settled(operation: Multiplying, node: Node) -> Multiplying:
        trait = operation.trait(Contracts)
        assert isinstance(trait, Contracts), f"`{operation.name}` does not say what it contracts"
        if operation.precision != BFLOAT16:
            return operation
        if trait.keyword is None:
            text = f"`{node.name}` multiplies in float32: `{operation.name}` has no other form"
            remarks.left(2, text, node.span)
            return replace(operation, precision=FLOAT32)
        remarks.did(1, f"`{node.name}` multiplies in bfloat16", node.span)
        if trait.apart:
            remarks.left(2, f"{trait.apart} in `{node.name}` stay in float32", node.span)
        return operation

    return _products(graph, settled)


def in_float32(graph: Graph) -> Graph:
    """The graph with all products in float32."""
    return _products(graph, lambda operation, _: replace(operation, precision=FLOAT32))


def _products(graph: Graph, change: Callable[[Multiplying, Node], Multiplying]) -> Graph:
    """The graph with every product changed, in whatever form it stands."""

    def inner(operation: Operation, node: Node) -> Operation:
        if isinstance(operation, Multiplying):
            return change(operation, node)
        if isinstance(operation, Repeat):
            changed = {copy: inner(copy, node) for copy in dict.fromkeys(operation.copies)}
            return Repeat(tuple(changed[copy] for copy in operation.copies))
        if isinstance(operation, Tied | Stack | Folded):
            return replace(operation, layer=inner(operation.layer, node))
        if isinstance(operation, Beside):
            return replace(operation, layers=tuple(inner(each, node) for each in operation.layers))
        return operation

    def visit(each: Graph) -> Graph:
        nodes = (replace(node, operation=inner(node.operation, node)) for node in each.nodes)
        return replace(each, nodes=tuple(nodes))

    return everywhere(visit)(graph)
