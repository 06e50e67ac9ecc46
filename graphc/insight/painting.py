"""From graphs to a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.insight.cost import (
    Cost,
    Run,
    cost_of,
    folded,
    operation_title,
    output_type,
    runs,
    shown_nodes,
    title,
)
from graphc.insight.formulas import Formula, attributes_of
from graphc.insight.picture import Edge, End, Group, Picture, Point


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


@dataclass(frozen=True)
class Place:
    """Where something is painted and what it is called."""

    id: str
    group: str | None
    name: str
    span: Span
    named: bool
    count: int = 1


Inputs = list[tuple[str, End]]


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
            operands = (ends[ref],)
            kind = graph.types[ref]
            self.picture.points.append(
                Point(id, group, "output", port, "output", kind, operands=operands)
            )
            self._edge(ends[ref], id)

    def graph(
        self, graph: Graph, prefix: str, group: str | None, given: Mapping[str, End]
    ) -> dict[Ref, End]:
        """Paint the nodes of a graph; gives the ends of all its values."""
        ends = {Ref(name): end for name, end in given.items()}
        costs = {node.name: cost for node, cost in shown_nodes(graph)}
        owners = folded(graph)
        formulas: dict[str, Formula] = {}
        for node in graph.nodes:
            inputs = [(name, ends[ref]) for name, ref in _named_inputs(node) if ref in ends]
            values = (formulas.get(ref.node, ends[ref]) for ref in node.before)
            formula = Formula(node.operation, tuple(values))
            owner = owners.get(node.name)
            if owner is not None:
                formulas[node.name] = formula
                ends[Ref(node.name)] = End(f"{prefix}{owner}", None, output_type(graph, node))
                for _, end in inputs:
                    self._edge(end, f"{prefix}{owner}")
                continue
            place = Place(f"{prefix}{node.name}", group, node.name, node.span, node.named)
            if isinstance(node.operation, (Call, Repeat, Stack)) and not _network(node):
                made = self._holder(node.operation, graph.input_types(node), place, inputs)
                ends[Ref(node.name)] = next(iter(made.values()))
                ends |= {Ref(node.name, port): end for port, end in made.items() if port}
                continue
            self._leaf(graph, node, place, inputs, costs[node.name], formula)
            ends[Ref(node.name)] = End(place.id, None, output_type(graph, node))
            read = (ref.port for ref in graph.tied.get(node.name, ()))
            refs = {port: Ref(node.name, port) for port in (*node.operation.ports, *read)}
            ends |= {ref: End(place.id, port, graph.types[ref]) for port, ref in refs.items()}
        for node in graph.nodes:
            if node.operation.feedback:
                end = ends[node.references[0]]
                edge = Edge(end.id, ends[Ref(node.name)].id, None, end.port, end.type, True)
                self.picture.edges[edge] = None
        return ends

    def _leaf(
        self,
        graph: Graph,
        node: Node,
        place: Place,
        inputs: Inputs,
        cost: Cost,
        formula: Formula,
    ) -> None:
        name = title(graph, node)
        kind = "network" if _network(node) and name != "formula" else "node"
        point = Point(place.id, place.group, kind, place.name, name, output_type(graph, node), cost)
        more: dict[str, Any] = {"operands": tuple(formula.operands())}
        if None in node.inputs:
            more["structure"] = ", ".join(name for name, _ in inputs)
        if node.operation.feedback:
            more["structure"] = node.name
        if name == "formula":
            more["structure"] = formula.structure()
        else:
            more["attributes"] = attributes_of(node.operation)
        self._point(point, place, more)
        self._edges(inputs, place.id)

    def _point(self, point: Point, place: Place, more: Mapping[str, Any]) -> None:
        point = replace(point, count=place.count, span=place.span, named=place.named, **more)
        self.picture.points.append(point)

    def _holder(
        self, operation: Operation, types: tuple[Type, ...], place: Place, inputs: Inputs
    ) -> dict[str | None, End]:
        """Paint what holds a graph; gives the ends of its ports, the main one first."""
        kind, word = (
            "block" if isinstance(operation, Call) else "repeat",
            operation_title(operation),
        )
        values = dict(operation.arguments) if isinstance(operation, Call) else {}
        shown = (values, place.count, place.span, place.named)
        self.picture.groups.append(Group(place.id, place.group, kind, place.name, word, *shown))
        if isinstance(operation, Call):
            names = (name for name, _ in operation.graph.inputs)
            given = dict(zip(names, (end for _, end in inputs), strict=True))
            ends = self.graph(operation.graph, f"{place.id}/", place.id, given)
            return {port: ends[ref] for port, ref in operation.graph.outputs}
        end = inputs[0][1]
        for run in runs(operation, types):  # type: ignore[arg-type]
            given = [(inputs[0][0], end), *inputs[1:]]
            id = f"{place.id}/{run.label}"
            layer = Place(id, place.id, run.label, place.span, False, run.count)
            if isinstance(run.operation, (Call, Repeat, Stack)):
                end = next(iter(self._holder(run.operation, run.types, layer, given).values()))
            else:
                end = self._layer(run, layer, given)
        return {None: end}

    def _layer(self, run: Run, place: Place, inputs: Inputs) -> End:
        """Paint a layer of a repeat that is a single operation."""
        kind = run.operation.infer(*run.types)
        output = kind if isinstance(kind, Type) else next(iter(kind.values()))
        word, cost = operation_title(run.operation), cost_of(run.operation, run.types)
        point = Point(place.id, place.group, "node", place.name, word, output, cost)
        operands = tuple(end for _, end in inputs)
        self._point(
            point, place, {"attributes": attributes_of(run.operation), "operands": operands}
        )
        self._edges(inputs, place.id)
        return End(place.id, None, output)

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
    pairs = list(zip(names, node.inputs, strict=False))[node.operation.feedback :]
    return [(name, ref) for name, ref in pairs if ref is not None]
