"""A spec as a table: a row for each node, what stands inside another indented below its totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphc.core.operation import Operation
from graphc.core.span import Source, Span
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.insight.cost import (
    Cost,
    cost_of,
    cost_of_graph,
    cost_of_networks,
    operation_title,
    outputs_title,
    runs,
    shown_nodes,
    title,
)

HEADER = ("node", "operation", "output", "parameters", "FLOPs", "line")
RIGHT = (3, 4, 5)


@dataclass(frozen=True)
class Row:
    """One row: `depth` says how far it is indented, `span` where it was written."""

    name: str
    depth: int
    operation: str
    output: str
    cost: Cost | None
    span: Span | None


def rows(graph: Graph) -> Iterator[Row]:
    """The rows of a network, its inputs first."""
    for name, kind in graph.inputs:
        yield Row(name, 0, "input", str(kind), None, None)
    yield from _nodes(graph, 0)


def _nodes(graph: Graph, depth: int) -> Iterator[Row]:
    for node, cost in shown_nodes(graph):
        types = graph.input_types(node)
        given = outputs_title(node.operation.infer(*types))
        yield Row(node.name, depth, title(graph, node), given, cost, node.span)
        yield from _inside(node.operation, types, depth + 1, node.span)


def _inside(operation: Operation, types: tuple[Type, ...], depth: int, span: Span) -> Iterator[Row]:
    if isinstance(operation, Call) and not isinstance(operation, NetworkCall):
        yield from _nodes(operation.graph, depth)
    elif isinstance(operation, (Repeat, Stack)):
        for run in runs(operation, types):
            layer = run.operation
            name = run.label if run.count == 1 else f"{run.label} (each)"
            given, cost = outputs_title(layer.infer(*run.types)), cost_of(layer, run.types)
            yield Row(name, depth, operation_title(layer), given, cost, span)
            yield from _inside(layer, run.types, depth + 1, span)


def network_table(networks: Mapping[str, Graph], source: Source) -> str:
    """The table of a spec's networks, with a line of totals."""
    cells: list[Sequence[str]] = [HEADER]
    for name, graph in networks.items():
        if name:
            cells.append(_totals(f"network {name}", cost_of_graph(graph)))
        cells += [_cells(row, source, 1 if name else 0) for row in rows(graph)]
    cells.append(_totals("total", cost_of_networks(networks)))
    lines = aligned(cells, RIGHT)
    rule = "-" * max(len(line) for line in lines)
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]]) + "\n"


def _cells(row: Row, source: Source, deeper: int) -> Sequence[str]:
    name = "  " * (row.depth + deeper) + row.name
    if row.cost is None:
        return name, row.operation, row.output, "", "", ""
    cost = row.cost
    line = place(row.span, source)
    parameters, flops = cost.shown("parameters"), cost.shown("flops", short)
    return name, row.operation, row.output, parameters, flops, line


def _totals(name: str, cost: Cost) -> Sequence[str]:
    nodes = "1 node" if cost.nodes == 1 else f"{cost.nodes:,} nodes"
    return name, nodes, "", cost.shown("parameters"), cost.shown("flops", short), ""


def place(span: Span | None, source: Source) -> str:
    """A line of `source`, or file and line for what was written elsewhere."""
    if span is None or span.line == 0:
        return ""
    return str(span.line) if span.source.name == source.name else f"{span.source.name}:{span.line}"


def short(number: int) -> str:
    """A count to three digits: 950, 7,500, 12.3 k, 1.21 G."""
    if number < 10_000:
        return f"{number:,}"
    value, units = number / 1000, iter("kMGTP")
    unit = next(units)
    while value >= 999.5 and unit != "P":
        value, unit = value / 1000, next(units)
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def aligned(cells: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines of cells in columns; those of `right` end at one place."""
    several = list(cells)
    widths = [max(len(row[i]) for row in several) for i in range(len(several[0]))]
    lines = []
    for row in several:
        words = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(words).rstrip())
    return lines
