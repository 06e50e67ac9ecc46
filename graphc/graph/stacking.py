"""Steps that become the first axis of a shape: whether there may be as many as that is long.

How many steps an axis has is no part of a type. Where a graph makes the axis of a shape its length
is known all the same; otherwise the data says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphc.core.diagnostic import Diagnostic
from graphc.core.operation import ShapeToSteps, StepsToShape
from graphc.core.types import time_axes
from graphc.graph.calls import Call, distinct
from graphc.graph.graph import Graph
from graphc.graph.node import Node

Lengths = Mapping[str, int]


@dataclass(frozen=True)
class Stacking:
    """Steps of an axis that become an axis of a shape.

    Args:
        node: where that is said.
        axis: the name of the axis.
        length: how long the axis of the shape is.
        steps: how many steps there are, where the graph makes them.
    """

    node: Node
    axis: str
    length: int
    steps: int | None

    def complaint(self) -> Diagnostic | None:
        """GC203 where there are more steps than that."""
        if self.steps is None or self.steps <= self.length:
            return None
        message = f"`{self.node.operation.name}` makes an axis of length {self.length}, but there"
        message += f" are {self.steps} steps over `{self.axis}`"
        help = f"write `length: {self.steps}`"
        return Diagnostic("GC203", message, self.node.span, help=help)


def stackings(graph: Graph) -> Iterator[Stacking]:
    """Those of a graph and of the blocks that it calls."""
    return _stackings(graph, [], {})


def _stackings(
    graph: Graph, inputs: list[Lengths], holding: dict[Graph, bool]
) -> Iterator[Stacking]:
    """The same, where lengths of axes of the inputs are known.

    Args:
        holding: whether there are any in the graphs that were looked at.
    """
    if not _holds(graph, holding):
        return
    known: dict[str, Lengths] = {name: {} for name, _ in graph.inputs}
    known |= dict(zip(known, inputs, strict=False))
    for node in graph.nodes:
        given = [known.get(ref.node, {}) for ref in node.references]
        lengths = {axis: size for each in given for axis, size in each.items()}
        for operation, types in distinct(node.operation, graph.input_types(node)):
            if isinstance(operation, Call):
                yield from _stackings(operation.graph, given, holding)
            elif isinstance(made := operation.trait(ShapeToSteps), ShapeToSteps):
                lengths[getattr(operation, made.to)] = types[0].shape[0]
            elif isinstance(taken := operation.trait(StepsToShape), StepsToShape):
                word = getattr(operation, taken.given)
                yield Stacking(
                    node, word, getattr(operation, taken.length), lengths.pop(word, None)
                )
        known[node.name] = lengths


def _holds(graph: Graph, holding: dict[Graph, bool]) -> bool:
    if graph not in holding:
        operations = (
            operation
            for node in graph.nodes
            for operation, _ in distinct(node.operation, graph.input_types(node))
        )
        holding[graph] = any(
            _holds(each.graph, holding) if isinstance(each, Call) else each.trait(StepsToShape)
            for each in operations
        )
    return holding[graph]


def longest(graph: Graph, fields: Mapping[str, str]) -> Iterator[tuple[str, int, Node]]:
    """For fields of the data whose steps become an axis: how many may be, and where that is said.

    Args:
        fields: those that are the inputs of the graph.
    """
    for each in stackings(graph):
        for name, kind in graph.inputs:
            if each.steps is None and each.axis in {axis.name for axis in time_axes(kind)}:
                yield fields[name], each.length, each.node
                break
