"""`train.precision`: what the operands of products are, by the paths of nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from graphc.build.precision import in_precision
from graphc.core.diagnostic import Report, similar
from graphc.core.operation import Multiplying, Operation
from graphc.core.span import Span
from graphc.graph.graph import Graph
from graphc.plan.by_path import by_path

Place = Callable[..., Span]
Precisions = tuple[tuple[str, str], ...]


def with_precisions(
    networks: Mapping[str, Graph],
    precisions: Precisions,
    training: str,
    place: Place,
    report: Report,
) -> dict[str, Graph]:
    """The networks with the products of nodes in the precision of the first pattern that matches.

    Args:
        precisions: by patterns of paths, which begin with the network's name where there are
            several.
        training: the network that is the values and objectives, which is left as it is.
        report: takes a GC247 for each pattern that is that of no product.
    """
    if not precisions:
        return dict(networks)
    setter = _Setter(precisions)
    found = by_path(networks, training, change=setter.operation)
    for pattern, _ in precisions:
        if pattern not in setter.used:
            message = f"no node with products has a path like `{pattern}`"
            help = similar(pattern, setter.paths, "path")
            if any(fnmatchcase(path, pattern) for path in setter.paths):
                message = f"`{pattern}` says nothing: others before it match the same nodes"
                help = "write it before them: the first pattern that matches counts"
            report.error("GC247", message, place("train", "precision", pattern), help=help)
    return found


@dataclass
class _Setter:
    """Sets the precision of products, and remembers which patterns counted and what it met."""

    precisions: Precisions
    used: set[str] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)

    def operation(self, operation: Operation, path: str) -> Operation:
        """The operation in the precision of the first pattern that matches."""
        if not isinstance(operation, Multiplying):
            return operation
        self.paths[path] = None
        for pattern, precision in self.precisions:
            if fnmatchcase(path, pattern):
                self.used.add(pattern)
                return in_precision(operation, precision)
        return operation
