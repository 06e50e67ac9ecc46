"""infer: every value's type is known, and agrees with what the graph says of its inputs.

Rules:
    1. The type of each node follows from the types of its inputs by the operation's contract.
    2. Rows that pad a batch, and steps past the end of a sequence, are marked absent (`presence`),
       so operations in which points meet take the mask.
"""

from __future__ import annotations

from graphc.core.operation import BatchCoupled
from graphc.core.types import is_uneven
from graphc.graph.graph import Graph
from graphc.graph.node import Ref
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere


def check_types(graph: Graph, remarks: Remarks) -> Graph:
    """The same graph, its types inferred; see the module's text for the rules."""

    def visit(each: Graph) -> Graph:
        values = len(each.types)
        remarks.did(1, f"{values} values of `{each.name}` have a type")
        for node in each.nodes:
            kind = each.types[Ref(node.name)] if node.operation.trait(BatchCoupled) else None
            if kind is not None and kind.presence:
                points = "steps" if is_uneven(kind) else "examples"
                text = f"`{node.name}` takes the mask of the {points} that are there"
                remarks.did(2, text, node.span)
        return each

    return everywhere(visit)(graph)
