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


@dataclass(frozen=True)
class Knot:
    """Nodes that are expanded together: one, or those on cycles over time.

    Args:
        entries: each after those of this step that it reads.
        delayed: what they read of each other at other steps.
    """

    entries: tuple[Entry, ...]
    delayed: tuple[syntax.Reference, ...] = ()


def in_order(
    section: syntax.Section, entries: tuple[Entry, ...], report: Report, environment: Environment
) -> Iterator[Knot]:
    """The entries, each after those it reads and ties by name, so that the order written is free.

    A cycle within one step is reported and its nodes left out.
    """
    table = {name.text: (name, node) for name, node in entries}
    reads = _reads(section, entries, environment)
    graph = nx.DiGraph()
    graph.add_nodes_from(table)
    for name, references in reads.items():
        for reference in references:
            if reference.name in table and reference.delay is None:
                graph.add_edge(reference.name, name)
    for name in _without_circles(graph, table, report):
        yield Knot(((table[name][0], None),))
    yield from _knots(graph, table, reads)


def _reads(
    section: syntax.Section, entries: tuple[Entry, ...], environment: Environment
) -> dict[str, list[syntax.Reference]]:
    """What each entry names; who reads a delayed value needs its initial value first."""
    find = _References(environment).of
    first = {each.name.text: list(find(each.formula)) for each in section.initial}
    found = {}
    for name, node in entries:
        own = list(find(node))
        delayed = {each.name for each in own if each.delay is not None}
        found[name.text] = own + [each for word in sorted(delayed) for each in first.get(word, ())]
    return found


def _knots(
    graph: nx.DiGraph, table: dict[str, Entry], reads: dict[str, list[syntax.Reference]]
) -> Iterator[Knot]:
    """The groups of nodes that read each other over time, in order, each node in one."""
    whole = graph.copy()
    for name in graph:
        delayed = (each.name for each in reads[name] if each.delay is not None)
        whole.add_edges_from((word, name) for word in delayed if word in graph)
    groups = nx.condensation(whole)
    names = {i: sorted(groups.nodes[i]["members"]) for i in groups}
    for i in nx.lexicographical_topological_sort(groups, key=lambda i: names[i]):
        inner = nx.lexicographical_topological_sort(graph.subgraph(names[i]))
        entries = tuple(table[name] for name in inner)
        delayed = (
            each
            for name in names[i]
            for each in reads[name]
            if each.delay is not None and each.name in names[i]
        )
        yield Knot(entries, tuple(delayed))


def _without_circles(graph: nx.DiGraph, table: dict[str, Entry], report: Report) -> Iterator[str]:
    """Report the nodes that read each other within one step, and take them out of the graph."""
    on_cycle: set[str] = set()
    for component in nx.strongly_connected_components(graph):
        first = min(component, key=lambda name: _line(table[name]))
        if len(component) > 1 or graph.has_edge(first, first):
            on_cycle |= component
            _report_cycle(nx.find_cycle(graph.subgraph(component), first), table, report)
    graph.remove_nodes_from(on_cycle)
    yield from (name for name in table if name in on_cycle)


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
                yield each  # with its delay
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
        word, _, delay = tree.text.partition("@")
        name = word.split(".")[0]
        return [syntax.Reference(name, tree.span, None, syntax.Delay(-1) if delay else None)]
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
        help="break the cycle, or over time let one of them read the step before: `name@t-1`",
    )


def _line(entry: Entry) -> tuple[int, int]:
    return entry[0].span.line, entry[0].span.column
