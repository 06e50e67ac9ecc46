"""The order in which the nodes of a section can be expanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from graphc.build import syntax
from graphc.build.parameters import Environment
from graphc.build.tying import names_in_braces
from graphc.core.diagnostic import Note, Report
from graphc.core.tree import Scalar

Entry = tuple[Scalar, syntax.Node | None]


def in_order(
    entries: tuple[Entry, ...], report: Report, environment: Environment
) -> Iterator[Entry]:
    """The entries, each after those it reads and ties by name, so that the order written is free.

    A cycle is reported and its nodes left out.
    """
    table = {name.text: (name, node) for name, node in entries}
    graph = nx.DiGraph()
    graph.add_nodes_from(table)
    for name, node in entries:
        for reference in _References(environment).of(node):
            if reference.name in table and reference.delay is None:
                graph.add_edge(reference.name, name.text)
    on_cycle: set[str] = set()
    for component in nx.strongly_connected_components(graph):
        first = min(component, key=lambda name: _line(table[name]))
        if len(component) > 1 or graph.has_edge(first, first):
            on_cycle |= component
            _report_cycle(nx.find_cycle(graph.subgraph(component), first), table, report)
    for name in [each for each in table if each in on_cycle]:
        yield table[name][0], None
    graph.remove_nodes_from(on_cycle)
    for name in nx.lexicographical_topological_sort(graph):
        yield table[name]


@dataclass(frozen=True)
class _References:
    """Finds the values that something names outside of itself."""

    environment: Environment

    def of(self, node: syntax.Node | None) -> Iterator[syntax.Reference]:
        """Those of a node."""
        waiting: list = [node]
        while waiting:
            each = waiting.pop()
            if isinstance(each, syntax.Reference):
                yield each
            elif isinstance(each, syntax.Unary):
                waiting.append(each.operand)
            elif isinstance(each, syntax.Binary):
                waiting += [each.left, each.right]
            elif isinstance(each, syntax.Apply):
                waiting += [*each.arguments, *(value for _, _, value in each.keywords)]
            elif isinstance(each, syntax.Step):
                waiting += _sources(each.sources)
                waiting += names_in_braces(each.operation, each.attributes, self.environment)
                waiting += self.nested(each.attributes)
            elif isinstance(each, syntax.Chain):
                waiting += _sources(each.sources)
                waiting += self.of_steps(each.steps) if isinstance(each.steps, tuple) else ()

    def of_steps(self, steps: tuple[syntax.Step | None, ...]) -> list[syntax.Reference]:
        """What the steps of a chain name, but for the steps before them."""
        found: list[syntax.Reference] = []
        own: set[str] = set()
        for step in steps:
            found += [each for each in self.of(step) if each.name not in own]
            own |= {step.name.text} if step is not None and step.name is not None else set()
        return found

    def nested(self, tree) -> list[syntax.Reference]:
        """What the steps name that a step was given (`body`, `branches`)."""
        kind = getattr(tree, "kind", None)
        found: list[syntax.Reference] = []
        if kind == "list":
            own: set[str] = set()
            for item in tree.items:
                found += [each for each in self.nested(item) if each.name not in own]
                name = item.get("name") if item.kind == "mapping" else None
                own |= {name.text} if isinstance(name, Scalar) else set()
        elif kind == "mapping":
            for key, value in tree:
                found += _names(value) if key.text == "from" else self.nested(value)
                found += names_in_braces(key.text, value, self.environment)
        return found


def _sources(sources) -> list:
    if isinstance(sources, dict):
        return [each for several in sources.values() for each in several]
    return list(sources or ())


def _names(tree) -> list[syntax.Reference]:
    if isinstance(tree, Scalar):
        name = tree.text.split("@")[0].split(".")[0]
        return [syntax.Reference(name, tree.span)]
    children = tree.items if tree.kind == "list" else [value for _, value in tree]
    return [name for child in children for name in _names(child)]


def _report_cycle(edges, table: dict[str, Entry], report: Report) -> None:
    circle = [edge[0] for edge in edges]
    names = sorted(circle, key=lambda name: _line(table[name]))
    start = circle.index(names[0])
    trail = " -> ".join(f"`{name}`" for name in [*circle[start:], *circle[:start], names[0]])
    notes = [Note(f"`{name}` is on the cycle", table[name][0].span) for name in names]
    report.error(
        "GC209",
        f"these nodes read each other in a circle: {trail}",
        table[names[0]][0].span,
        notes=notes,
        help="break the cycle, or let one of them read the step before: `name@t-1`",
    )


def _line(entry: Entry) -> tuple[int, int]:
    return entry[0].span.line, entry[0].span.column
