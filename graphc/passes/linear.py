"""What a node must be so that its kernel and bias may be joined with others or changed."""

from __future__ import annotations

from graphc.core.operation import Linear
from graphc.graph.graph import Graph
from graphc.graph.node import Node

MODULE = "$self($x)"
"""What a layer computes that is its module and no more."""


def plain_linear(graph: Graph, node: Node) -> Linear | None:
    """The trait of a layer that is its own kernel and bias on one input, and nothing else.

    A layer is not where another node gives it the kernel or reads its own (tied weights), where
    something is done to the kernel or to the input at each call (it is normalised, thinned out, or
    multiplies along another axis than the last), or where other arrays are among its weights.
    """
    operation, types = node.operation, graph.input_types(node)
    trait = operation.trait(Linear)
    if not isinstance(trait, Linear) or len(node.references) != 1 or node.name in graph.tied:
        return None
    names = set(operation.weights(*types))
    only = operation.before_product() is not None or operation.call_code(*types).text == MODULE
    return trait if only and names - {trait.bias} == {trait.kernel} else None


def contracts_all(graph: Graph, node: Node, trait: Linear) -> bool:
    """Whether each output reads every feature of the input, as in no grouped convolution."""
    (kind,) = graph.input_types(node)
    return node.operation.weights(kind)[trait.kernel].shape[trait.contracts] == kind.features
