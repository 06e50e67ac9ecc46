"""bands: convolutions with few channels go row by row, as products with a band of the kernel.

Rules:
    1. Where the band is small (`LARGEST`, by device) each row of the result is one product. That
       is more work than a library convolution does, and faster where it does that work badly.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from graphc.core.operation import Convolving, Operation
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.passes.layers import each_layer
from graphc.passes.remarks import Remarks

LARGEST = {"cpu": (70_000, 16)}
"""The most numbers of a band, and features, by device, where it was measured.

See `benchmarks convolutions`: the library does badly with channels and features that are few.
"""


def few(band: tuple[int, int], features: int, device: str) -> bool:
    """Whether a band is small enough to be the faster form."""
    numbers, most = LARGEST.get(device, (0, 0))
    return prod(band) <= numbers and features <= most


def convolve_by_rows(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with convolutions by rows; see the module's text for the rule."""
    def chosen(operation: Operation, types: tuple[Type, ...], node: Node) -> Operation:
        if not isinstance(operation, Convolving):
            return operation
        band = operation.band(*types)
        if band is None:
            return operation
        text = f"`{node.name}` has a band of {band[0]:,} x {band[1]:,} numbers"
        if few(band, operation.infer(*types).features, remarks.device):  # type: ignore[union-attr]
            remarks.did(1, text, node.span)
            return replace(operation, by_rows=True)
        remarks.left(1, f"{text}, and a library convolution is faster", node.span)
        return operation

    return each_layer(graph, chosen)
