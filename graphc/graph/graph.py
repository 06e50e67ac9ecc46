"""The graph: frozen, hierarchical, and the same whatever order its nodes were written in."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx

from graphc.core.diagnostic import Diagnostic, InternalError, Note, SpecError
from graphc.core.operation import ShapeError
from graphc.core.types import Type, constant
from graphc.graph.node import Node, Ref

RESERVED = frozenset(
    (
        *("self", "key", "train", "mask", "jax", "jnp", "nnx", "optax", "zlib", "functools", "at"),
        *("params", "statistics", "state", "batch"),
        *("eval", "iter_children", "iter_modules", "perturb", "set_attributes", "sow"),
    )
)
"""Names that emitted code uses for itself, and attributes that every `nnx.Module` has."""
RESERVED_OF_NETWORKS = RESERVED.union(
    ("clear", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values")
)
"""The same for the `nnx.Dict` of several networks."""


@dataclass(frozen=True)
class Graph:
    """Inputs, nodes and outputs.

    Args:
        name: what to call it; two graphs that differ only in their names are equal.
        inputs: names and types, in order.
        nodes: in topological order, ties by name (`arrange` makes it so).
        outputs: ports and the values behind them, the main one first.
    """

    name: str = field(compare=False)
    inputs: tuple[tuple[str, Type], ...]
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, Ref], ...]

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name}={kind}" for name, kind in self.inputs)
        return f"Graph({self.name}: {inputs}; {len(self.nodes)} nodes)"

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The nodes by their names."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def types(self) -> Mapping[Ref, Type]:
        """The type of every value: of each input, each node, each port and each array read."""
        types = {Ref(name): each for name, each in self.inputs}
        for node in self.nodes:
            types.update(value_types(node, infer(node, types)))
            for ref in self.tied.get(node.name, ()):
                arrays = node.operation.weights(*(types[each] for each in node.references))
                types[ref] = constant(arrays[ref.port].shape)  # type: ignore[index]
        return types

    def is_weight(self, ref: Ref) -> bool:
        """Whether a reference is to an array of a node, rather than to what the node computes."""
        node = self.by_name.get(ref.node) if ref.port else None
        return node is not None and ref.port not in node.operation.ports

    def values(self, node: Node) -> Iterator[Ref]:
        """The references of a node to what others compute: not to their arrays."""
        return (ref for ref in node.references if not self.is_weight(ref))

    @cached_property
    def tied(self) -> Mapping[str, tuple[Ref, ...]]:
        """The nodes of which arrays are read as values, and those values.

        Their arrays must stay whole and in one place.
        """
        read = dict.fromkeys(ref for node in self.nodes for ref in node.references)
        read |= dict.fromkeys(ref for _, ref in self.outputs)
        found: dict[str, tuple[Ref, ...]] = {}
        for ref in filter(self.is_weight, read):
            found[ref.node] = (*found.get(ref.node, ()), ref)
        return found

    @cached_property
    def _hash(self) -> int:
        return hash((self.inputs, self.nodes, self.outputs))

    def __hash__(self) -> int:
        return self._hash

    def input_types(self, node: Node) -> tuple[Type, ...]:
        """The types of a node's inputs, those left out skipped."""
        return tuple(self.types[each] for each in node.references)

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """For each value's node, the nodes that read it (once for each read)."""
        users: dict[str, list[Node]] = {name: [] for name, _ in self.inputs}
        users |= {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for each in node.references:
                users[each.node].append(node)
        return {name: tuple(nodes) for name, nodes in users.items()}

    @cached_property
    def output_type(self) -> Type:
        """The type of the main output."""
        return self.types[self.outputs[0][1]]

    @cached_property
    def nx(self) -> nx.MultiDiGraph:
        """The networkx view: nodes with `operation`, `type` and `span`, an edge for every read."""
        view = nx.MultiDiGraph(name=self.name)
        for name, each in self.inputs:
            view.add_node(name, operation=None, type=each, span=None)
        for node in self.nodes:
            kind = self.types.get(Ref(node.name))
            view.add_node(node.name, operation=node.operation, type=kind, span=node.span)
            for position, each in enumerate(node.inputs):
                if each is not None:
                    view.add_edge(each.node, node.name, input=position, port=each.port)
        return nx.freeze(view)

    @cached_property
    def identifiers(self) -> Mapping[str, str]:
        """A Python name for each input and node: `body/conv` is `body_conv`."""
        names = [*(name for name, _ in self.inputs), *(node.name for node in self.nodes)]
        return identifiers(names, RESERVED)

    def replace_nodes(self, nodes: Iterable[Node]) -> Graph:
        """The same inputs and outputs over other nodes."""
        return Graph(self.name, self.inputs, arrange(self.inputs, nodes), self.outputs)


def identifiers(names: Iterable[str], reserved: Iterable[str]) -> dict[str, str]:
    """A Python name for each of these names, none of them reserved or taken twice."""
    taken, found = set(reserved), {}
    for name in names:
        word = re.sub("[/:@+-]", "_", name)
        while word in taken or keyword.iskeyword(word):
            word += "_"
        taken.add(word)
        found[name] = word
    return found


def arrange(inputs: Iterable[tuple[str, Type]], nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes in topological order, ties by name, so that the order written never matters."""
    table = {node.name: node for node in nodes}
    order = nx.DiGraph()
    order.add_nodes_from(table)
    order.add_edges_from(
        (each.node, node.name)
        for node in table.values()
        for each in node.before
        if each.node in table
    )
    return tuple(table[name] for name in nx.lexicographical_topological_sort(order))


def infer(node: Node, types: Mapping[Ref, Type]) -> Type | dict[str, Type]:
    """The type of a node's value, or of each of its ports; a misfit is a located SpecError."""
    inputs = [types[each] for each in node.before]
    try:
        return node.operation.infer(*inputs)
    except ShapeError as error:
        notes = [_arrival(each, types) for each in node.before]
        diagnostic = Diagnostic(error.code, error.message, node.span, tuple(notes), error.help)
        raise SpecError(diagnostic) from None


def value_types(node: Node, result: Type | dict[str, Type]) -> Iterator[tuple[Ref, Type]]:
    """The types that a node's inference gives to its references, the main port's first."""
    if isinstance(result, Type):
        yield Ref(node.name), result
        return
    if not result:
        raise InternalError(f"`{node.operation.name}` gave no types")
    yield Ref(node.name), next(iter(result.values()))
    for port, each in result.items():
        yield Ref(node.name, port), each


def _arrival(ref: Ref, types: Mapping[Ref, Type]) -> Note:
    return Note(f"{types[ref]} comes from `{ref}`")
