"""bands: convolutions with few channels go row by row, as products with a band of the kernel.

Rules:
    1. Where the band is small (`band`) each row of the result is one product. That
       is more work than a library convolution does, and faster where it does that work badly.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from graphc.core.forms import Forms
from graphc.core.operation import Convolving, Operation
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.passes.layers import each_layer
from graphc.passes.remarks import Remarks


def few(band: tuple[int, int], features: int, forms: Forms) -> bool:
    """Whether a band is small enough to be the faster form."""
    return prod(band) <= forms.band and features <= forms.band_features


def convolve_by_rows(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with convolutions by rows; see the module's text for the rule."""

    def chosen(operation: Operation, types: tuple[Type, ...], node: Node) -> Operation:
        if not isinstance(operation, Convolving):
            return operation
        band = operation.band(*types)
        if band is None:
            return operation
        text = f"`{node.name}` has a band of {band[0]:,} x {band[1]:,} numbers"
        if few(band, operation.infer(*types).features, remarks.forms):  # type: ignore[union-attr]
            remarks.did(1, text, node.span)
            return replace(operation, by_rows=True)
        remarks.left(1, f"{text}, and a library convolution is faster", node.span)
        return operation

    return each_layer(graph, chosen)
