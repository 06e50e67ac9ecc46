"""bands: convolutions with few channels go row by row, as products with a band of the kernel.

Rules:
    1. Where the band is small, and channels and features are few, each row of the result is one
       product. That is more work, of a faster kind.
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


def few(band: tuple[int, int], channels: int, features: int, forms: Forms) -> bool:
    """Whether a band is small enough to be the faster form."""
    narrow = channels <= forms.band_channels and features <= forms.band_features
    return narrow and prod(band) <= forms.band


def convolve_by_rows(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with convolutions by rows; see the module's text for the rule."""

    def chosen(operation: Operation, types: tuple[Type, ...], node: Node) -> Operation:
        if not isinstance(operation, Convolving):
            return operation
        band = operation.band(*types)
        if band is None:
            return operation
        text = f"`{node.name}` has a band of {band[0]:,} x {band[1]:,} numbers"
        x, y = types[0], operation.infer(*types)
        assert isinstance(y, Type)
        if few(band, x.features, y.features, remarks.forms):
            remarks.did(1, text, node.span)
            return replace(operation, by_rows=True)
        remarks.left(1, f"{text}, and a library convolution is faster", node.span)
        return operation

    return each_layer(graph, chosen)
