"""points: layers over several axes multiply their points as if these were one axis.

Rules:
    1. A dense layer over examples and tokens (steps, nodes, places) is a product of all its points
       with the kernel. The gradient of the kernel that jax derives for more than one axis of points
       has its operands turned on a CPU, which takes long (`benchmarks points`).
    2. Where the network has loops over time, such products go step by step, as loops read and give
       their values: turned from examples to steps is what a layer reads, which often is less than
       what it gives, or nothing at all (`benchmarks loops --only steps`).
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import PRECISIONS, Contracts, Multiplying, Operation
from graphc.core.types import Type
from graphc.graph.forms import Product
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.graph.time import Scan
from graphc.passes.layers import each_layer
from graphc.passes.remarks import Remarks
from graphc.passes.walk import inside

FLAT = "dot_general"
"""The keyword through which products have such a form."""


def multiply_flat(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with products over one axis of points; see the module's text for the rules."""
    if not remarks.forms.flat:
        return graph
    whole = (each for node in graph.nodes for each in inside(node.operation))
    loops = {each.axis for each in whole if isinstance(each, Scan)}

    def chosen(operation: Operation, types: tuple[Type, ...], node: Node) -> Operation:
        if not types or types[0].rank <= 2 or not _multiplies(operation):
            return operation
        if remarks.forms.steps and loops.intersection(types[0].domain[1:2]):
            remarks.did(2, f"`{node.name}` multiplies its points step by step", node.span)
            return replace(operation, flat="dot_steps")
        remarks.did(1, f"`{node.name}` multiplies its points as one axis", node.span)
        return replace(operation, flat="dot_flat")

    return each_layer(graph, chosen)


def _multiplies(operation: Operation) -> bool:
    if isinstance(operation, Product):
        return operation.layer is None
    if not isinstance(operation, Multiplying) or operation.precision != PRECISIONS[0]:
        return False
    trait = operation.trait(Contracts)
    return isinstance(trait, Contracts) and trait.keyword == FLAT
