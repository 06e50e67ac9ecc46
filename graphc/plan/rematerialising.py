"""`train.remat`: which nodes are computed again on the way back, by their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from graphc.build.remat import keeps_nothing
from graphc.core.diagnostic import Report, similar
from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.graph.calls import Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.plan.by_path import by_path

Place = Callable[..., Span]


def with_remat(
    networks: Mapping[str, Graph],
    patterns: tuple[str, ...],
    training: str,
    place: Place,
    report: Report,
) -> dict[str, Graph]:
    """The networks with marks on the outermost nodes whose paths match.

    Args:
        patterns: of paths, which begin with the network's name where there are several.
        training: the network that is the values and objectives, which has no such nodes.
        report: takes a GC249 for each pattern that marks nothing.
    """
    if not patterns:
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
