"""gates: sigmoids and tanhs that stand beside each other in the step of a loop become one tanh.

Rules:
    1. The gates of a cell are parts of one product. Where some of them go through a sigmoid and
       others through a tanh, all go through one tanh, for `sigmoid(x) = tanh(x / 2) / 2 + 1 / 2`:
       one function over the whole product is faster than one over each part (`benchmarks loops`).
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import TanhLike
from graphc.graph.forms import Part, Product
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere


def join_gates(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with one tanh for the gates of a product; see the module's text for the rule."""

    def joined(each: Graph) -> Graph:
        for node in each.nodes:
            if (factors := _factors(each, node)) is not None:
                each = _through_tanh(each, node, factors)
                remarks.did(1, f"the parts of `{node.name}` go through one tanh", node.span)
        return each

    return everywhere(joined)(graph)


def _factors(graph: Graph, product: Node) -> tuple[float, ...] | None:
    """Those of the functions of a product's parts, where these are several of equal size."""
    operation = product.operation
    if not isinstance(operation, Product) or len(set(operation.parts)) != 1:
        return None
    found = {}
    for node in graph.nodes:
        if Ref(product.name) not in node.references:
            continue
        part = node.operation
        activation = part.activation if isinstance(part, Part) else None
        trait = activation.trait(TanhLike) if activation is not None else None
        if not isinstance(part, Part) or not isinstance(trait, TanhLike):
            return None
        found[part.index] = trait.factor
    whole = len(found) == len(operation.parts) and len(set(found.values())) > 1
    return tuple(found[index] for index in sorted(found)) if whole else None


def _through_tanh(graph: Graph, product: Node, factors: tuple[float, ...]) -> Graph:
    def moved(node: Node) -> Node:
        if node.name == product.name:
            return replace(node, operation=replace(node.operation, factors=factors))
        if Ref(product.name) in node.references:
            return replace(node, operation=replace(node.operation, activation=None))
        return node

    return replace(graph, nodes=tuple(map(moved, graph.nodes)))
