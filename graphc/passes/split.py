"""Layers of which a loop over time has a part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.operation import PRECISIONS, Multiplying, Operation
from graphc.graph.forms import Beside
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref

Place = tuple[int, int]
Item = tuple[Ref, Place]
"""A value that a layer reads, and the rows of its kernel that belong to it."""


@dataclass(frozen=True)
class Split:
    """A layer, and what it reads outside of the loop and in it.

    Args:
        node: the layer.
        before: its values outside.
        inside: those in the loop.
        first: what comes before its products in the loop.
    """

    node: Node
    before: tuple[Item, ...]
    inside: tuple[Item, ...]
    first: tuple[Node, ...] = ()


def layer_of(node: Node) -> Operation:
    """The layer, or the first of those beside one another."""
    return node.operation.layers[0] if isinstance(node.operation, Beside) else node.operation


def parts_of(node: Node, graph: Graph) -> tuple[int, ...]:
    """The features of each of several layers beside one another."""
    if not isinstance(node.operation, Beside):
        return ()
    places = node.operation.places(*graph.input_types(node))
    return tuple(place.stop - place.start for place in places)


def is_narrow(layer: Operation) -> bool:
    """Whether it multiplies in bfloat16."""
    return isinstance(layer, Multiplying) and layer.precision != PRECISIONS[0]


def arrays_of(operation: Operation) -> Operation:
    """What is left of a layer where others multiply by its kernel."""
    if isinstance(operation, Beside):
        return replace(operation, layers=tuple(map(arrays_of, operation.layers)))
    if is_narrow(operation):
        operation = replace(operation, precision=PRECISIONS[0])
    activation = getattr(operation, "activation", None)
    return replace(operation, activation=None) if activation else operation


def appended(nodes: list[Node], node: Node) -> Ref:
    """The value of a node, which comes last."""
    nodes.append(node)
    return Ref(node.name)
