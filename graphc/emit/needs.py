"""What has to be handed down to which class: `train`, `key`, masks, a graph, pairs, memory, ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from graphc.core.operation import Draws, Operation
from graphc.core.types import Type, edges_axis
from graphc.emit.filling import activation_of
from graphc.emit.masks import Masks, masked, reads_edges
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.time import Scan

Inputs = tuple[Type, ...]


@dataclass(frozen=True)
class Needs:
    """What the code of a value reads besides its inputs.

    Args:
        masks: the axes whose masks it takes, see `graphc.emit.masks`.
        edges: whether it reads what the graph says of values at its edges.
        draws: whether it needs the key in evaluation too.
        turn: whether it matters whose turn it is.
    """

    train: bool = False
    key: bool = False
    masks: frozenset[str] = frozenset()
    graph: bool = False
    pairs: bool = False
    edges: bool = False
    memory: bool = False
    draws: bool = False
    turn: bool = False
    networks: frozenset[str] = frozenset()

    @property
    def in_evaluation(self) -> Needs:
        """What is left of them in evaluation mode."""
        return replace(self, train=False, key=self.draws)

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.train or other.train,
            self.key or other.key,
            self.masks | other.masks,
            self.graph or other.graph,
            self.pairs or other.pairs,
            self.edges or other.edges,
            self.memory or other.memory,
            self.draws or other.draws,
            self.turn or other.turn,
            self.networks | other.networks,
        )


class Requirements:
    """The needs of operations and graphs, each graph looked at once."""

    def __init__(self, networks: Mapping[str, Graph]) -> None:
        self.networks = networks
        self.known: dict[Graph, Needs] = {}
        self.holding: dict[Graph, bool] = {}

    def of_graph(self, graph: Graph) -> Needs:
        """What a call of the graph needs."""
        if graph not in self.known:
            live = live_nodes(graph)
            each = (self.of(node.operation, graph.input_types(node)) for node in live)
            whole = reduce(Needs.__or__, each, Needs())
            self.known[graph] = replace(whole, masks=Masks.of(graph).needed(whole.masks))
        return self.known[graph]

    def graph_of(self, call: Call) -> Graph:
        """What is called: of a network, what the passes made of it."""
        return self.networks[call.network] if isinstance(call, NetworkCall) else call.graph

    def of(self, operation: Operation, types: Inputs) -> Needs:
        """What a call of the operation needs."""
        if isinstance(operation, NetworkCall):
            network = operation.network
            needs = self.of_graph(self.networks[network])
            needs = needs.in_evaluation if operation.still else needs
            turn = bool(operation.in_turn)
            return needs | Needs(networks=frozenset({network}), turn=turn)
        if isinstance(operation, Scan):
            axes = frozenset({operation.axis.name} if operation.is_uneven(*types) else ())
            own = Needs(masks=axes, memory=operation.kept, turn=bool(operation.in_turn))
            return self.of_graph(operation.graph) | own
        if isinstance(operation, Call):
            return self.of_graph(operation.graph) | Needs(turn=bool(operation.in_turn))
        if isinstance(operation, Repeat):
            each = (self.of(copy, inputs) for copy, inputs in copies(operation, types))
            return reduce(Needs.__or__, each, Needs())
        if isinstance(operation, Stack):
            return self.of(operation.layer, types)
        code = operation.call_code(*types)
        there = reads_edges(code, types)
        own = Needs(
            train=code.uses("train"),
            key=code.uses("key"),
            masks=masked(code, types),
            graph=code.uses("graph") or there,
            pairs=code.uses("pairs"),
            edges=there or (code.uses("graph") and any(map(edges_axis, types))),
            memory=code.uses("carried") or code.uses("own_carried"),
            draws=operation.trait(Draws) is not None,
        )
        activation = activation_of(operation)
        if activation is None:
            return own
        result = operation.infer(*types)
        return own | self.of(activation, (result,)) if isinstance(result, Type) else own

    def holds_modules(self, operation: Operation, types: Inputs) -> bool:
        """Whether the operation makes a module, itself or by what it calls."""
        if isinstance(operation, NetworkCall):
            return False
        if isinstance(operation, Call):
            graph = operation.graph
            if graph not in self.holding:
                self.holding[graph] = any(
                    self.holds_modules(node.operation, graph.input_types(node))
                    for node in graph.nodes
                )
            return self.holding[graph]
        if isinstance(operation, Repeat):
            return any(self.holds_modules(*each) for each in copies(operation, types))
        if isinstance(operation, Stack):
            return self.holds_modules(operation.layer, types)
        return operation.build_code(*types) is not None


def copies(repeat: Repeat, types: Inputs) -> Iterator[tuple[Operation, Inputs]]:
    """Each copy of a repeat with the types of its inputs."""
    for copy in repeat.copies:
        yield copy, types
        first = copy.infer(*types)
        assert isinstance(first, Type), "a repeated layer has one output"
        types = (first, *types[1:])


def live_nodes(graph: Graph) -> list[Node]:
    """The nodes whose values an output needs, depth first, so that chains stay together.

    Calls of networks keep the order that the graph has them in: it is the order in which running
    statistics move.
    """
    needed = _reachable(graph)
    calls = [
        Ref(node.name)
        for node in graph.nodes
        if node.name in needed and isinstance(node.operation, NetworkCall)
    ]
    order: dict[str, Node] = {}
    stack = [*reversed([*calls, *(ref for _, ref in graph.outputs)])]
    while stack:
        ref = stack[-1]
        node = None if graph.is_weight(ref) else graph.by_name.get(ref.node)
        waiting = [
            each
            for each in (graph.values(node) if node and ref.node not in order else ())
            if each.node in graph.by_name and each.node not in order
        ]
        if waiting:
            stack += reversed(waiting)
        else:
            stack.pop()
            if node is not None:
                order.setdefault(node.name, node)
    return list(order.values())


def _reachable(graph: Graph) -> set[str]:
    found: set[str] = set()
    stack = [ref.node for _, ref in graph.outputs if not graph.is_weight(ref)]
    while stack:
        word = stack.pop()
        if word in graph.by_name and word not in found:
            found.add(word)
            stack += (each.node for each in graph.values(graph.by_name[word]))
    return found


def blocks(operation: Operation) -> Iterable[Call]:
    """The calls of blocks that an operation is or holds."""
    if isinstance(operation, NetworkCall):
        return ()
    if isinstance(operation, Call):
        return (operation,)
    if isinstance(operation, Repeat):
        return [call for copy in operation.copies for call in blocks(copy)]
    if isinstance(operation, Stack):
        return blocks(operation.layer)
    return ()
