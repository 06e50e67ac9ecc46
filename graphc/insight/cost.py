"""What nodes cost: how many there are, their parameters, and the work of one example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from graphc.core.operation import Opaque, Operation
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref

HOLDERS = (Call, Repeat, Stack)


@dataclass(frozen=True)
class Cost:
    """Sums over nodes.

    Args:
        nodes: operations, the parts of formulas not counted.
        parameters: numbers that are trained.
        flops: floating point operations for one example, a multiply-add counted as two.
        more: which of the two is larger by what opaque operations add, which nobody knows.
    """

    nodes: int = 0
    parameters: int = 0
    flops: int = 0
    more: frozenset[str] = frozenset()

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.nodes + other.nodes,
            self.parameters + other.parameters,
            self.flops + other.flops,
            self.more | other.more,
        )

    def __mul__(self, count: int) -> Cost:
        products = (count * each for each in (self.nodes, self.parameters, self.flops))
        return Cost(*products, self.more)

    def shown(self, what: str, number: Callable[[int], str] = "{:,}".format) -> str:
        """`parameters` or `flops` as text: `650`, `?` where none is known, `650 + ?`."""
        value = getattr(self, what)
        if what not in self.more:
            return number(value)
        return f"{number(value)} + ?" if value else "?"


@dataclass(frozen=True)
class Run:
    """Equal copies of a repeat in a row: the copies `first` to `last`, each from `types`."""

    first: int
    last: int
    operation: Operation
    types: tuple[Type, ...]

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def label(self) -> str:
        return str(self.first) if self.count == 1 else f"{self.first}..{self.last}"


def runs(operation: Repeat | Stack, types: tuple[Type, ...]) -> list[Run]:
    """The copies of a repeat, equal ones in a row taken together."""
    if isinstance(operation, Stack):
        return [Run(0, len(operation.paths) - 1, operation.layer, types)]
    steps = []
    for i, copy in enumerate(operation.copies):
        steps.append((i, copy, types))
        types = (copy.infer(*types), *types[1:])  # type: ignore[assignment]
    found = []
    for (copy, inputs), group in groupby(steps, key=lambda step: step[1:]):
        several = list(group)
        found.append(Run(several[0][0], several[-1][0], copy, inputs))
    return found


def folded(graph: Graph) -> dict[str, str]:
    """For each part of a formula that is shown with its node, that node.

    Blocks that a formula calls are shown by themselves, and so is what the formula hands to them.
    """
    owners: dict[str, str] = {}
    alone: set[str] = set()
    for node in reversed(graph.nodes):
        owner = graph.by_name.get(node.name.partition(":")[0])
        if not node.part or owner is None:
            continue
        handed = any(each.name in alone for each in graph.users[node.name])
        if handed or isinstance(node.operation, HOLDERS) or isinstance(owner.operation, HOLDERS):
            alone.add(node.name)
        else:
            owners[node.name] = owner.name
    return owners


def shown_nodes(graph: Graph) -> Iterator[tuple[Node, Cost]]:
    """The nodes that are shown, each with its cost and that of the parts folded into it."""
    parts: dict[str, Cost] = {}
    owners = folded(graph)
    for node in graph.nodes:
        cost = cost_of(node.operation, graph.input_types(node))
        owner = owners.get(node.name)
        if owner is None:
            yield node, cost + parts.get(node.name, Cost())
        else:
            parts[owner] = parts.get(owner, Cost()) + replace(cost, nodes=0)


_graphs: dict[Graph, Cost] = {}


def cost_of_graph(graph: Graph) -> Cost:
    """The sum over all nodes, each distinct graph looked at once."""
    if graph not in _graphs:
        _graphs[graph] = sum((cost for _, cost in shown_nodes(graph)), Cost())
    return _graphs[graph]


def cost_of(operation: Operation, types: tuple[Type, ...]) -> Cost:
    """The cost of one node; a network's parameters are counted with the network, not its calls."""
    if isinstance(operation, NetworkCall):
        cost = cost_of_graph(operation.graph)
        return Cost(1, 0, cost.flops, cost.more - {"parameters"})
    if isinstance(operation, Call):
        return cost_of_graph(operation.graph)
    if isinstance(operation, (Repeat, Stack)):
        total = Cost()
        for run in runs(operation, types):
            total += cost_of(run.operation, run.types) * run.count
        return total
    trained = [each for each in operation.weights(*types).values() if each.trainable]
    more = {"parameters" for each in trained if each.shape is None}
    more |= {"flops"} if operation.trait(Opaque) else set()
    parameters = sum(each.size for each in trained)
    return Cost(1, parameters, operation.flops(*types), frozenset(more))


def cost_of_networks(networks: Mapping[str, Graph]) -> Cost:
    """The sum over several networks; the work of one that is called is in its callers'."""
    called = called_networks(networks)
    total = Cost()
    for name, graph in networks.items():
        cost = cost_of_graph(graph)
        if name in called:
            cost = replace(cost, flops=0, more=cost.more - {"flops"})
        total += cost
    return total


def called_networks(networks: Mapping[str, Graph]) -> set[str]:
    """The networks that others call."""
    return {name for graph in networks.values() for name in _called(graph)}


def _called(graph: Graph) -> set[str]:
    found: set[str] = set()
    waiting: list[Operation] = [node.operation for node in graph.nodes]
    while waiting:
        each = waiting.pop()
        if isinstance(each, NetworkCall):
            found.add(each.network)
        elif isinstance(each, Call):
            waiting += [node.operation for node in each.graph.nodes]
        elif isinstance(each, Repeat):
            waiting += dict.fromkeys(each.copies)
        elif isinstance(each, Stack):
            waiting.append(each.layer)
    return found


def title(graph: Graph, node: Node) -> str:
    """What to call a node's operation; a formula of several parts numbers them from 1.

    The call of a network is called after that, whatever its inputs are made of.
    """
    called = isinstance(node.operation, NetworkCall)
    made_of_parts = f"{node.name}:1" in graph.by_name and not called
    return "formula" if made_of_parts else operation_title(node.operation)


def operation_title(operation: Operation) -> str:
    """The name of an operation, a block or a network."""
    if isinstance(operation, NetworkCall):
        return f"network {operation.network}"
    if isinstance(operation, Call):
        return operation.title
    if isinstance(operation, Stack):
        return "repeat"
    return operation.name


def output_type(graph: Graph, node: Node) -> Type:
    """The type of a node's main output."""
    return graph.types[Ref(node.name)]


def outputs_title(outputs: Type | Mapping[str, Type]) -> str:
    """What a node gives: `[64]`, or `mean [4], log_variance [4]` where it has several outputs."""
    if isinstance(outputs, Type):
        return str(outputs)
    if len(outputs) == 1:
        return str(next(iter(outputs.values())))
    return ", ".join(f"{port} {kind}" for port, kind in outputs.items())
