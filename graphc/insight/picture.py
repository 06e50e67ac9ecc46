"""A spec as points, groups and edges: what every drawing of it is made of.

A block is a group whose edges lead to the values behind its inputs and outputs; a repeat is a
group with one picture of each kind of layer; a network is drawn once, and a call of it is a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.insight.cost import (
    Cost,
    cost_of,
    folded,
    operation_title,
    output_type,
    runs,
    shown_nodes,
    title,
)


@dataclass(frozen=True)
class Point:
    """A node: `kind` is input, node, network (a call of one) or output."""

    id: str
    group: str | None
    kind: str
    name: str
    operation: str
    output: Type
    cost: Cost = field(default_factory=Cost)
    attributes: Mapping[str, object] = field(default_factory=dict)
    count: int = 1
    span: Span | None = None


@dataclass(frozen=True)
class Group:
    """What holds points: `kind` is network, block or repeat; it stands for `count` equal ones."""

    id: str
    group: str | None
    kind: str
    name: str
    operation: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    count: int = 1
    span: Span | None = None


@dataclass(frozen=True)
class Edge:
    """From a point to a point that reads it; `input` is said where there are several."""

    source: str
    target: str
    input: str | None = None
    port: str | None = None
    type: Type | None = field(default=None, compare=False)


@dataclass
class Picture:
    """Everything there is to draw, groups before what they hold; edges are in order and unique."""

    points: list[Point] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    edges: dict[Edge, None] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """Where a value comes from: a point, and its port."""

    id: str
    port: str | None = None
    type: Type | None = field(default=None, compare=False)


def picture_of(networks: Mapping[str, Graph]) -> Picture:
    """The picture of a spec's networks."""
    painter = _Painter()
    for name, graph in networks.items():
        group = None
        if name:
            painter.picture.groups.append(Group(name, None, "network", name, f"network {name}"))
            group = name
        painter.network(graph, f"{name}/" if name else "", group)
    return painter.picture


class _Painter:
    def __init__(self) -> None:
        self.picture = Picture()

    def network(self, graph: Graph, prefix: str, group: str | None) -> None:
        given = {}
        for name, kind in graph.inputs:
            point = Point(f"{prefix}{name}", group, "input", name, "input", kind)
            self.picture.points.append(point)
            given[name] = End(point.id, None, kind)
        ends = self.graph(graph, prefix, group, given)
        for port, ref in graph.outputs:
            id = f"{prefix}output:{port}"
            self.picture.points.append(Point(id, group, "output", port, "output", graph.types[ref]))
            self._edge(ends[ref], id)

    def graph(
        self, graph: Graph, prefix: str, group: str | None, given: Mapping[str, End]
    ) -> dict[Ref, End]:
        """Paint the nodes of a graph; gives the ends of all its values."""
        ends = {Ref(name): end for name, end in given.items()}
        costs = {node.name: cost for node, cost in shown_nodes(graph)}
        owners = folded(graph)
        for node in graph.nodes:
            id = f"{prefix}{node.name}"
            inputs = [(name, ends[ref]) for name, ref in _named_inputs(node)]
            owner = owners.get(node.name)
            if owner is not None:
                ends[Ref(node.name)] = End(f"{prefix}{owner}", None, output_type(graph, node))
                for _, end in inputs:
                    self._edge(end, f"{prefix}{owner}")
                continue
            types = graph.input_types(node)
            if isinstance(node.operation, (Call, Repeat, Stack)) and not _network(node):
                made = self._holder(node.operation, types, id, group, node.name, inputs, node.span)
                ends[Ref(node.name)] = next(iter(made.values()))
                ends |= {Ref(node.name, port): end for port, end in made.items() if port}
                continue
            self._leaf(graph, node, id, group, inputs, costs[node.name])
            ends[Ref(node.name)] = End(id, None, output_type(graph, node))
            read = (ref.port for ref in graph.tied.get(node.name, ()))
            refs = {port: Ref(node.name, port) for port in (*node.operation.ports, *read)}
            ends |= {ref: End(id, port, graph.types[ref]) for port, ref in refs.items()}
        return ends

    def _leaf(self, graph: Graph, node: Node, id: str, group: str | None, inputs, cost) -> None:
        kind, name = "network" if _network(node) else "node", title(graph, node)
        output, values = output_type(graph, node), attributes_of(node.operation)
        values = {} if name == "formula" else values
        point = Point(id, group, kind, node.name, name, output, cost, values, 1, node.span)
        self.picture.points.append(point)
        self._edges(inputs, id)

    def _holder(
        self,
        operation: Operation,
        types: tuple[Type, ...],
        id: str,
        group: str | None,
        name: str,
        inputs: list[tuple[str, End]],
        span: Span,
        count: int = 1,
    ) -> dict[str | None, End]:
        """Paint what holds a graph; gives the ends of its ports, the main one first."""
        kind = "block" if isinstance(operation, Call) else "repeat"
        word = operation_title(operation)
        values = dict(operation.arguments) if isinstance(operation, Call) else {}
        self.picture.groups.append(Group(id, group, kind, name, word, values, count, span))
        if isinstance(operation, Call):
            given = {
                each: end
                for (each, _), (_, end) in zip(operation.graph.inputs, inputs, strict=True)
            }
            ends = self.graph(operation.graph, f"{id}/", id, given)
            return {port: ends[ref] for port, ref in operation.graph.outputs}
        end = inputs[0][1]
        for run in runs(operation, types):  # type: ignore[arg-type]
            layer = f"{id}/{run.label}"
            given = [(inputs[0][0], end), *inputs[1:]]
            if isinstance(run.operation, (Call, Repeat, Stack)):
                made = self._holder(
                    run.operation, run.types, layer, id, run.label, given, span, run.count
                )
                end = next(iter(made.values()))
                continue
            kind, word = run.operation.infer(*run.types), operation_title(run.operation)
            cost, values = cost_of(run.operation, run.types), attributes_of(run.operation)
            self.picture.points.append(
                Point(layer, id, "node", run.label, word, kind, cost, values, run.count, span)  # type: ignore[arg-type]
            )
            self._edges(given, layer)
            end = End(layer, None, kind)  # type: ignore[arg-type]
        return {None: end}

    def _edges(self, inputs: list[tuple[str, End]], target: str) -> None:
        for name, end in inputs:
            self._edge(end, target, name if len(inputs) > 1 and name else None)

    def _edge(self, end: End, target: str, input: str | None = None) -> None:
        edge = Edge(end.id, target, input, end.port, end.type)
        if end.id != target:
            self.picture.edges[edge] = None


def _network(node: Node) -> bool:
    return isinstance(node.operation, NetworkCall)


def _named_inputs(node: Node) -> list[tuple[str, Ref]]:
    if node.operation.variadic:
        return [("", ref) for ref in node.references]
    names = [each.name for each in node.operation.inputs]
    pairs = zip(names, node.inputs, strict=False)
    return [(name, ref) for name, ref in pairs if ref is not None]


def attributes_of(operation: Operation) -> dict[str, object]:
    """The attributes that differ from their defaults, as plain data."""
    values = {}
    for each in operation.attributes():
        value = getattr(operation, each.name)
        if each.required or value != each.default:
            values[each.name] = None if value is None else each.kind.write(value)
    return values
