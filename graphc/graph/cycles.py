"""The cycles over time in a graph: strongly connected components that pass through delays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from graphc.core.diagnostic import Diagnostic
from graphc.core.operation import BatchCoupled, Operation, Stateful
from graphc.core.span import Span
from graphc.core.types import Axis, Type
from graphc.graph.calls import Call, distinct
from graphc.graph.node import Node, Ref
from graphc.graph.time import Delay


@dataclass(frozen=True)
class Cycle:
    """Nodes that depend on each other over time.

    Args:
        nodes: those that are computed at every step, each after what it reads of that step.
        delays: the values of other steps that they read.
    """

    nodes: tuple[Node, ...]
    delays: tuple[Node, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(node.name for node in (*self.nodes, *self.delays))

    @property
    def axis(self) -> Axis:
        """The time axis that it goes along."""
        return _delay(self.delays[0]).axis

    @property
    def reverse(self) -> bool:
        """Whether it goes from the last step to the first."""
        return _delay(self.delays[0]).offset > 0

    def complaint(self, types: Mapping[Ref, Type]) -> Diagnostic | None:
        """Why it cannot be gone through step by step, if so."""
        first = self.delays[0]
        for each in self.delays:
            if _delay(each).axis != self.axis or (_delay(each).offset > 0) != self.reverse:
                return two_ways(first.name, each.name, each.span)
        for node in self.nodes:
            kind = types.get(Ref(node.name))
            if (kind is not None and self.axis not in kind.domain) or self._needs_all(node, types):
                word = node.operation.name if node.part else node.name
                message = f"`{word}` needs all steps, and stands on a cycle over them"
                help = "take it off the cycle: it can read the cycle, or be read by it, not both"
                return Diagnostic("GC235", message, node.span, help=help)
            if node.operation.trait(BatchCoupled) or node.operation.trait(Stateful):
                message = f"`{node.operation.name}` cannot stand on a cycle: its statistics would"
                message += " be those of a single step"
                help = "use `layer_norm`, or take it off the cycle"
                return Diagnostic("GC235", message, node.span, help=help)
        return None

    def _needs_all(self, node: Node, types: Mapping[Ref, Type]) -> bool:
        """Whether what a node, or a block that it calls, makes of the cycle needs other steps."""
        if any(ref not in types for ref in node.references):
            return False  # a mistake that is reported where it stands
        kinds = tuple(types[ref] for ref in node.references)
        marked = tuple(ref.node in self.names for ref in node.references)
        return _needs_all(node.operation, kinds, marked, self.axis)


def _needs_all(
    operation: Operation, types: tuple[Type, ...], marked: tuple[bool, ...], axis: Axis
) -> bool:
    """Whether a step of the value needs other steps of the inputs that are marked."""
    for each, kinds in distinct(operation, types):
        if isinstance(each, Call):
            found = _needs_all_inside(each, marked, axis)
        elif isinstance(each, Delay) or not any(axis in kind.domain for kind in kinds):
            found = False
        else:
            made, reach = each.infer(*kinds), each.reach(*kinds)
            values = made.values() if isinstance(made, dict) else (made,)
            found = reach is not None and reach.axis == axis
            found = found or not all(axis in kind.domain for kind in values)
        if found:
            return True
    return False


def _needs_all_inside(call: Call, marked: tuple[bool, ...], axis: Axis) -> bool:
    """The same of a block: of those of its nodes that depend on what is marked."""
    graph = call.graph
    inputs = zip(graph.inputs, marked, strict=True)
    names = {name for (name, _), mark in inputs if mark}
    for node in graph.nodes:
        on = tuple(ref.node in names for ref in node.references)
        if not any(on):
            continue
        if _needs_all(node.operation, graph.input_types(node), on, axis):
            return True
        names.add(node.name)
    return False


def two_ways(first: str, other: str, place: Span) -> Diagnostic:
    """GC234: two delays on one cycle that go along different axes, or one forth and one back."""
    message = f"`{first}` and `{other}` stand on one cycle, and go two ways"
    help = "a cycle goes along one axis, forwards (`@t-1`) or backwards (`@t+1`)"
    return Diagnostic("GC234", message, place, help=help)


def cycles(nodes: Iterable[Node]) -> Iterator[Cycle]:
    """The cycles among nodes in topological order, ordered by their first node."""
    table = {node.name: node for node in nodes}
    graph = nx.DiGraph()
    graph.add_nodes_from(table)
    for node in table.values():
        read = (ref for ref in node.references if ref.node in table and not _is_array(ref, table))
        graph.add_edges_from((ref.node, node.name) for ref in read)
    order = {name: place for place, name in enumerate(table)}
    found = []
    for names in nx.strongly_connected_components(graph):
        members = [table[name] for name in sorted(names, key=order.__getitem__)]
        delays = tuple(node for node in members if isinstance(node.operation, Delay))
        if delays and len(members) > 1:
            inner = tuple(node for node in members if not isinstance(node.operation, Delay))
            found.append((min(map(order.__getitem__, names)), Cycle(inner, delays)))
    yield from (cycle for _, cycle in sorted(found, key=lambda each: each[0]))


def _is_array(ref: Ref, table: Mapping[str, Node]) -> bool:
    """Whether it is an array of a node, which depends on no step."""
    return ref.port is not None and ref.port not in table[ref.node].operation.ports


def _delay(node: Node) -> Delay:
    assert isinstance(node.operation, Delay)
    return node.operation
