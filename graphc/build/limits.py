"""How large a network may become: a slip in a spec must not fill the memory of the compiler."""

from __future__ import annotations

from collections.abc import Iterable

from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.graph.calls import Call, Repeat
from graphc.graph.graph import Graph

MOST_NODES = 100_000
MOST_NUMBERS = 2**31 - 1


class Limits:
    """Counts the nodes of graphs with all calls written out, each graph once."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[Graph, int]] = {}

    def nodes(self, operation: Operation) -> int:
        """The nodes that an operation stands for."""
        if isinstance(operation, Repeat):
            return sum(self.nodes(each) for each in operation.copies)
        return self.nodes_of(operation.graph) if isinstance(operation, Call) else 1

    def nodes_of(self, graph: Graph) -> int:
        """The nodes of a graph and of the graphs in it."""
        if id(graph) not in self._counts:
            count = sum(self.nodes(node.operation) for node in graph.nodes)
            self._counts[id(graph)] = graph, count
        return self._counts[id(graph)][1]


def check_nodes(count: int, span: Span) -> None:
    """Refuse what makes a graph larger than anyone means."""
    if count > MOST_NODES:
        message = f"this makes more than {MOST_NODES:,} nodes, with all calls written out"
        help = "repeat it less often"
        raise SpecError(Diagnostic("GC227", message, span, help=help))


def check_numbers(
    name: str, operation: Operation, types: Iterable[Type], result, span: Span
) -> None:
    """Refuse values and weights that no memory holds."""
    values = [result] if isinstance(result, Type) else list(result.values())
    for each in values:
        check_size(f"the value of `{name}` is {each}", each.size, span)
    for weight, array in operation.weights(*types).items():
        shape = list(array.shape or ())
        check_size(f"the weight `{weight}` of `{name}` is {shape}", array.size, span)


def check_size(what: str, size: int, span: Span) -> None:
    """Refuse an array of more than `MOST_NUMBERS`."""
    if size > MOST_NUMBERS:
        count = f"{size:,}" if size < 10**15 else f"{float(size):.1e}" if size < 10**300 else "..."
        message = f"{what}, which is {count} numbers, and at most {MOST_NUMBERS:,} can be handled"
        raise SpecError(Diagnostic("GC228", message, span))
