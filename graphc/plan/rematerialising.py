"""`train.remat`: what is computed again on the way back, by its path or by what it would keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from graphc.build.remat import keeps_nothing
from graphc.core.diagnostic import Report, similar
from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.ops.recomputing import Budget
from graphc.plan.by_path import by_path

Place = Callable[..., Span]

_LARGE = 0.25
"""The share of all that is kept from which on a block is no unit by itself."""


def with_remat(
    networks: Mapping[str, Graph],
    patterns: tuple[str, ...] | Budget,
    training: str,
    place: Place,
    report: Report,
) -> dict[str, Graph]:
    """The networks with marks on the outermost nodes whose paths match.

    Args:
        patterns: of paths, which begin with the network's name where there are several; a budget is
            for where the data is known.
        training: the network that is the values and objectives, which has no such nodes.
        report: takes a GC249 for each pattern that marks nothing.
    """
    if not patterns or isinstance(patterns, Budget):
        return dict(networks)
    marker = _Marker(patterns)
    found = by_path(networks, training, visit=marker.node)
    for pattern in patterns:
        if pattern not in marker.used:
            message = f"`{pattern}` marks nothing that would be computed again"
            seen = any(fnmatchcase(path, pattern) for path in marker.paths)
            message = message if seen else f"no node has a path like `{pattern}`"
            help = "name blocks, a `repeat`, or layers with an activation" if seen else None
            help = help or similar(pattern, marker.paths, "path")
            report.error("GC249", message, place("train", "remat"), help=help)
    return found


def recomputing(
    networks: Mapping[str, Graph], paths: tuple[str, ...], training: str
) -> dict[str, Graph]:
    """The networks with marks on the nodes of these paths."""
    return by_path(networks, training, visit=_Marker(paths).node)


def with_most_kept(networks: Mapping[str, Graph], training: str) -> tuple[str, ...]:
    """Paths of nodes that may be marked, those first of which the way back would keep most.

    A block that holds much of a network is no unit by itself; what stands in it is.
    """
    graphs = {name: graph for name, graph in networks.items() if name != training}
    most = sum(sum(_kept(graph).values()) for graph in graphs.values()) * _LARGE
    found = {
        path: kept
        for name, graph in graphs.items()
        for path, kept in _units(graph, f"{name}/" if name else "", most)
    }
    return tuple(sorted(found, key=lambda path: -found[path]))


def _units(graph: Graph, path: str, most: float) -> Iterator[tuple[str, int]]:
    """Paths of what may be marked, and how many numbers of an example each keeps."""
    kept = _kept(graph)
    for node in graph.nodes:
        here, operation = f"{path}{node.name}", node.operation
        if node.part or node.remat:
            continue
        splits = isinstance(operation, Call) and not isinstance(operation, NetworkCall)
        if splits and kept[node.name] > most:
            yield from _units(operation.graph, f"{here}/", most)
        elif not keeps_nothing(operation):
            yield here, kept[node.name]


def _kept(graph: Graph) -> dict[str, int]:
    """How many numbers of an example each node makes, those within it included."""
    found: dict[str, int] = {node.name: 0 for node in graph.nodes}
    for ref, kind in graph.types.items():
        if ref.node in found:
            found[ref.node] += kind.size
    for node in graph.nodes:
        layers = isinstance(node.operation, Repeat)
        copies = node.operation.copies if layers else (node.operation,)
        calls = [sum(_kept(each.graph).values()) for each in copies if isinstance(each, Call)]
        found[node.name] += sum(calls) + found[node.name] * (len(copies) - 1)
    return found


@dataclass
class _Marker:
    """Marks nodes, and remembers which patterns did and what paths it met."""

    patterns: tuple[str, ...]
    used: set[str] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)

    def node(self, node: Node, path: str) -> Node | None:
        """The node, marked if it is to be; None to look inside of it."""
        self.paths[path] = None
        if node.part or node.remat:
            return node
        if keeps_nothing(node.operation) or not self._matches(path, node.operation):
            return None
        return replace(node, remat=True)

    def _matches(self, path: str, operation: Operation) -> bool:
        """Whether a pattern is that of a node, or of every layer of a repeat."""
        count = len(operation.copies) if isinstance(operation, Repeat) else 0
        layers = [f"{path}/{i}" for i in range(count)]
        found = [
            pattern
            for pattern in self.patterns
            if fnmatchcase(path, pattern)
            or (layers and all(fnmatchcase(each, pattern) for each in layers))
        ]
        self.used.update(found)
        return bool(found)
