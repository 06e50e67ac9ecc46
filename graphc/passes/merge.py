"""merge: what is computed twice is computed once, and small products of one input are one product.

Rules:
    1. Equal nodes become one: the same operation on the same values, without weights, random
       numbers, running statistics or code of the user's. What the spec gives a name keeps its line.
    2. Layers that are linear in the same input (`h` and `gate` of a highway layer) and differ in
       their outputs only become one wider layer. Its value is split before their activations;
       each still draws its own weights.
    3. On the CPU only products of at most 128 columns together are joined, and only where an
       activation or arithmetic reads each part. Training steps of such layers took 1.1 to 1.6
       times as long apart over batches of 32 and 128, and 1.0 to 1.5 over 512. Wider ones gained
       less surely (0.9 to 1.4), convolutions nothing (0.65 to 1.05), and what another product reads
       would lose, for its part is then copied. `benchmarks merge` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from graphc.core.operation import (
    Elementwise,
    LibraryConvolution,
    Opaque,
    Operation,
    Spelled,
    Stateful,
    Stochastic,
)
from graphc.graph.cycles import cycles
from graphc.graph.forms import Beside, Part
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import pinned
from graphc.passes.linear import contracts_all, plain_linear
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, has_weights, inside, rewired

NAMES_JOINED = 3


def merge(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with what is equal shared; see the module's text for the rules."""
    return everywhere(lambda each: _join_products(_share(each, remarks), remarks))(graph)


# Equal nodes


def _share(graph: Graph, remarks: Remarks) -> Graph:
    moved: dict[Ref, Ref] = {}
    for group in _equal_nodes(graph):
        keeper = next((node for node in group if _is_named(node)), group[0])
        gone = [node for node in group if node is not keeper and not _is_named(node)]
        for node in gone:
            ports = (None, *node.operation.ports)
            moved |= {Ref(node.name, port): Ref(keeper.name, port) for port in ports}
        if gone and keeper.inputs:
            word = getattr(keeper.operation, "title", keeper.operation.name)
            text = f"`{word}` is computed once for {len(gone) + 1} places"
            remarks.did(1, text, keeper.span)
    kept = [node for node in graph.nodes if Ref(node.name) not in moved]
    return rewired(graph, kept, moved) if moved else graph


def _equal_nodes(graph: Graph) -> list[list[Node]]:
    """The nodes by value: those of one list always compute the same."""
    groups: dict[Hashable, list[Node]] = {}
    values: dict[Ref, Ref] = {}
    kept_apart = pinned(graph)
    for node in graph.nodes:
        inputs = tuple(ref and values.get(ref, ref) for ref in node.inputs)
        pure = _is_pure(node.operation, graph.input_types(node)) and node.name not in kept_apart
        group = groups.setdefault((node.operation, inputs, node.remat) if pure else node.name, [])
        group.append(node)
        for port in (None, *node.operation.ports):
            values[Ref(node.name, port)] = Ref(group[0].name, port)
    return [group for group in groups.values() if len(group) > 1]


def _is_named(node: Node) -> bool:
    return node.named and not node.part


def _is_pure(operation: Operation, types: tuple) -> bool:
    """Whether it always gives the same for the same inputs, and changes nothing."""
    moving = (Stochastic, Stateful, Opaque)
    return not has_weights(operation, types) and not any(
        each.trait(kind) for each in inside(operation) for kind in moving
    )


# Products of one input


def _join_products(graph: Graph, remarks: Remarks) -> Graph:
    looped = {name for cycle in cycles(graph.nodes) for name in cycle.names}
    for siblings in _siblings(graph, remarks):
        inside = looped.issuperset(node.name for node in siblings)
        most = None if inside else remarks.forms.merged
        reason = None if most is None else _reason(graph, siblings, most)
        if reason is None:
            widths = " + ".join(str(graph.types[Ref(node.name)].features) for node in siblings)
            text = f"{_names(siblings)} are one product of {widths} features"
            remarks.did(2, text, siblings[0].span)
            graph = _joined(graph, siblings)
        else:
            text = f"{_names(siblings)} stay {len(siblings)} products: {reason}"
            remarks.left(3, text, siblings[0].span)
    return graph


def _siblings(graph: Graph, remarks: Remarks) -> list[list[Node]]:
    """Layers that could be one wider layer, two and more together."""
    found = []
    for alike in _grouped(graph.nodes, lambda node: _kind(graph, node)):
        biased = _grouped(alike, lambda node: len(node.operation.weights(*graph.input_types(node))))
        found += [group for group in biased if len(group) > 1]
        if len(biased) > 1:
            text = f"{_names(alike)} are not one product: only some have a bias"
            remarks.left(2, text, alike[0].span)
    return found


def _grouped(nodes: Iterable[Node], key: Callable[[Node], Hashable]) -> list[list[Node]]:
    """Nodes with the same key together; those whose key is None are in no list."""
    groups: dict[Hashable, list[Node]] = {}
    for node in nodes:
        if (found := key(node)) is not None:
            groups.setdefault(found, []).append(node)
    return list(groups.values())


def _kind(graph: Graph, node: Node) -> Hashable:
    """What layers that could be one have in common, but for the bias."""
    trait = plain_linear(graph, node)
    if trait is None or node.remat or not contracts_all(graph, node, trait):
        return None
    operation, own = node.operation, (*trait.own, trait.bias)
    shared = {each.name: getattr(operation, each.name) for each in operation.attributes()}
    common = tuple((name, value) for name, value in shared.items() if name not in own)
    return type(operation), node.references, getattr(operation, "precision", None), common


def _reason(graph: Graph, siblings: list[Node], widest: int) -> str | None:
    """Why joining them would not pay on the CPU."""
    if any(type(node.operation).trait(LibraryConvolution) for node in siblings):
        return "a wider convolution is no faster on the CPU"
    columns = sum(graph.types[Ref(node.name)].features for node in siblings)
    if columns > widest:
        return f"one of {columns} columns is hardly faster on the CPU, where {widest} are the most"
    (x,) = graph.input_types(siblings[0])
    if x.sparse and columns >= x.features:
        return f"one of {columns} columns does not narrow its sparse input"
    outputs = {ref.node for _, ref in graph.outputs}
    for node in siblings:
        if _activation(node) is None:
            if node.name in outputs:
                return f"`{node.name}` is an output, for which its part would be copied"
            for user in graph.users[node.name]:
                if not (user.operation.trait(Elementwise) or user.operation.trait(Spelled)):
                    return f"for `{user.operation.name}`, which reads `{node.name}`, its part" + (
                        " would be copied"
                    )
    return None


def _joined(graph: Graph, siblings: list[Node]) -> Graph:
    first = siblings[0]
    wide = Beside(tuple(map(_without_activation, siblings)), tuple(node.name for node in siblings))
    name = _name(graph, siblings)
    parts = {}
    for i, node in enumerate(siblings):
        part = Part(i, graph.types[Ref(node.name)].features, _activation(node))
        parts[node.name] = replace(node, operation=part, inputs=(Ref(name),))
    kept = [parts.get(node.name, node) for node in graph.nodes]
    return rewired(graph, [*kept, Node(name, wide, first.references, first.span)], {})


def _activation(node: Node) -> Operation | None:
    return getattr(node.operation, "activation", None)


def _without_activation(node: Node) -> Operation:
    return replace(node.operation, activation=None) if _activation(node) else node.operation


def _name(graph: Graph, siblings: list[Node]) -> str:
    """`h_gate` for `h` and `gate`; `body/h_gate` for steps of one chain."""
    paths = [node.name.split("/") for node in siblings]
    folder = paths[0][:-1]
    if any(path[:-1] != folder for path in paths):
        folder = []
    words = ["_".join(path[len(folder) :]) for path in paths]
    if len(words) > NAMES_JOINED:
        words = [words[0], "to", words[-1]]
    name = "/".join([*folder, "_".join(words)])
    while name in graph.by_name or name in dict(graph.inputs):
        name += "_"
    return name


def _names(nodes: list[Node]) -> str:
    *others, last = [f"`{node.name}`" for node in nodes]
    return f"{', '.join(others)} and {last}"
