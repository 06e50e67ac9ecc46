"""The gradient of a value: which nodes it goes through, and the function that they are.

A gradient stays an ordinary node of two inputs, the value and what it is taken by, so that passes
see what lies between as what it is. Only where source is written the nodes between become a
function, `Slope`, which `jax.grad` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import networkx as nx

from graphc.core.operation import Differentiates, Literal, Operation, StopsGradient
from graphc.core.types import Type
from graphc.graph.graph import Graph, arrange, identifiers
from graphc.graph.needed import needed
from graphc.graph.node import Node, Ref

Names = frozenset[str]


@dataclass(frozen=True)
class Slope(Operation):
    """A gradient with the nodes that it goes through.

    Args:
        graph: their function: its inputs are what they read, first the value that the gradient is
            taken by; its outputs are the value whose gradient is taken, and values that come out
            beside the gradient, for others read them.
        sum: adds up that value over all points.
        words: what the gradient and those values are called.
    """

    name = "slope"
    variadic = True

    graph: Graph
    sum: Operation
    words: tuple[str, ...]

    @property
    def ports(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.words if len(self.words) > 1 else ()

    def infer(self, x: Type, *others: Type) -> Type | dict[str, Type]:
        given = (self.graph.types[ref] for _, ref in self.graph.outputs[1:])
        return dict(zip(self.words, (x, *given), strict=True)) if self.ports else x

    def giving(self, refs: Iterable[Ref]) -> Slope:
        """It with these values of its nodes beside the gradient."""
        words = identifiers((self.words[0], *map(str, refs)), ()).values()
        (of, *_) = self.graph.outputs
        given = tuple((str(ref), ref) for ref in refs)
        return Slope(replace(self.graph, outputs=(of, *given)), self.sum, tuple(words))


def is_gradient(node: Node) -> bool:
    """Whether a node is the gradient of its first input with respect to its second."""
    return node.operation.trait(Differentiates) is not None


def pinned(graph: Graph) -> Names:
    """The nodes that a gradient is taken by.

    By a copy of a value it is another one than by the value, so no equal node stands for them.
    """
    return frozenset(node.references[1].node for node in graph.nodes if is_gradient(node))


def behind(graph: Graph, ref: Ref) -> Names:
    """The nodes that a value has a part in, through which a gradient comes back to it."""

    def reads(node: Node) -> set[Ref]:
        return {main(graph, each) for each in graph.values(node)}

    def users(node: Node) -> Iterator[str]:
        several = graph.users[node.name]
        return (each.name for each in several if node.name in {r.node for r in reads(each)})

    start = main(graph, ref)
    return _walk(graph, (node.name for node in graph.nodes if start in reads(node)), users)


def before(graph: Graph, ref: Ref) -> Names:
    """The nodes that a value is made of, through which its gradient goes back."""

    def read(node: Node) -> Iterator[str]:
        return (each.node for each in graph.values(node) if each.node in graph.by_name)

    return _walk(graph, (ref.node,) if ref.node in graph.by_name else (), read)


def _walk(graph: Graph, names: Iterable[str], on: Callable[[Node], Iterable[str]]) -> Names:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        node = graph.by_name[waiting.pop()]
        if node.name not in found and not node.operation.trait(StopsGradient):
            found.add(node.name)
            waiting += on(node)
    return frozenset(found)


def main(graph: Graph, ref: Ref) -> Ref:
    """A reference by the name of the node alone, where it is to the node's first port."""
    node = graph.by_name.get(ref.node)
    ports = node.operation.ports if node is not None else ()
    return Ref(ref.node) if ports and ref.port == ports[0] else ref


def between(graph: Graph, node: Node) -> Names:
    """The nodes that a gradient goes through, those of gradients among them included."""
    of, by = node.references
    found = before(graph, of) & behind(graph, by)
    for name in found:
        if is_gradient(inner := graph.by_name[name]):
            found |= between(graph, inner)
    return found


def lowered(graph: Graph) -> Graph:
    """The graph in which every gradient is a `Slope`.

    A value of its nodes that others read as well comes out of the function beside the gradient, so
    that it is computed once. Two functions of which each reads what comes out of the other would be
    a circle: of these only the numbers come out, which cannot close one, and the rest is computed
    in both places.
    """
    slopes = {node.name: _slope(graph, node) for node in graph.nodes if is_gradient(node)}
    if not slopes:
        return graph
    made = graph.replace_nodes(slopes.get(node.name, node) for node in graph.nodes)
    for name in slopes:
        of = main(graph, graph.by_name[name].references[0])
        made = _given(made, made.by_name[name], of)
    return made


def _slope(graph: Graph, node: Node) -> Node:
    of, by = (main(graph, ref) for ref in node.references)
    names = between(graph, node)
    inner = [each for each in graph.nodes if each.name in names]
    inner += _literals(graph, inner)
    own = {each.name for each in inner}
    read = [by, *(ref for each in inner for ref in each.references), of]
    outside = {
        main(graph, ref): graph.types[ref] for ref in read if ref.node not in own or ref == by
    }
    words = {ref: str(ref) for ref in outside}

    def inside(ref: Ref | None) -> Ref | None:
        found = ref and main(graph, ref)
        return Ref(words[found]) if found in words else ref

    trait = node.operation.trait(Differentiates)
    assert trait is not None
    nodes = [replace(each, inputs=tuple(map(inside, each.inputs))) for each in inner]
    inputs = tuple((words[ref], kind) for ref, kind in outside.items())
    region = Graph(of.node, inputs, arrange(inputs, nodes), (("of", inside(of) or of),))
    (word,) = identifiers((node.name,), ()).values()
    operation = Slope(region, trait.sum, (word,))
    return replace(node, operation=operation, inputs=tuple(outside))


def _literals(graph: Graph, nodes: Iterable[Node]) -> list[Node]:
    """The numbers of the spec that nodes read, which stand where they are read."""
    read = dict.fromkeys(ref.node for node in nodes for ref in node.references)
    known = (graph.by_name.get(name) for name in read)
    return [each for each in known if each is not None and each.operation.trait(Literal)]


def _given(graph: Graph, slope: Node, of: Ref) -> Graph:
    """The graph in which what reads values that a slope computes reads them of it."""
    operation = slope.operation
    assert isinstance(operation, Slope)
    live = needed(graph, (ref for _, ref in graph.outputs))
    own = {each.name for each in operation.graph.nodes if not each.operation.trait(Literal)}
    read = [ref for each in live if each.name not in own for ref in graph.values(each)]
    read += (ref for _, ref in graph.outputs)
    given = dict.fromkeys(main(graph, ref) for ref in read if ref.node in own)
    if not given or slope not in live:
        return graph
    try:
        return _giving(graph, slope, operation.giving(given))
    except nx.NetworkXUnfeasible:
        return _giving(graph, slope, operation.giving((of,))) if of in given else graph


def _giving(graph: Graph, slope: Node, operation: Slope) -> Graph:
    refs = (Ref(slope.name), *(ref for _, ref in operation.graph.outputs[1:]))
    ports = (Ref(slope.name, word) for word in operation.words)
    moved = dict(zip(refs, ports, strict=True))

    def now(ref: Ref) -> Ref:
        return moved.get(main(graph, ref), ref)

    made = replace(slope, operation=operation)
    nodes = [made if each.name == slope.name else each for each in graph.nodes]
    nodes = [replace(each, inputs=tuple(ref and now(ref) for ref in each.inputs)) for each in nodes]
    outputs = tuple((port, now(ref)) for port, ref in graph.outputs)
    return Graph(graph.name, graph.inputs, arrange(graph.inputs, nodes), outputs)
