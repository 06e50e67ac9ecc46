"""precision: which products have operands in bfloat16, as the spec asks.

Rules:
    1. What has a form for it multiplies numbers that are rounded to bfloat16 and sums up in
       float32, in both directions. Weights, the optimiser and all else stay in float32.
    2. What has none stays in float32, and so do those products of a layer that its form leaves out.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import PRECISIONS, Contracts, Multiplying, Operation
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.passes.layers import each_layer
from graphc.passes.remarks import Remarks

FLOAT32, BFLOAT16 = PRECISIONS


def set_precision(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with bfloat16 where it counts alone; see the module's text for the rules."""

    def settled(operation: Operation, _: tuple[Type, ...], node: Node) -> Operation:
        if not isinstance(operation, Multiplying):
            return operation
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

    return each_layer(graph, settled)


def in_float32(graph: Graph) -> Graph:
    """The graph with all products in float32."""

    def wide(operation: Operation, *_: object) -> Operation:
        multiplies = isinstance(operation, Multiplying)
        return replace(operation, precision=FLOAT32) if multiplies else operation

    return each_layer(graph, wide)
