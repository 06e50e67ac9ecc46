"""sparse: of an input that is 0 nearly everywhere, only the other numbers are read.

Rules:
    1. An input of which the data says that few numbers are not 0 is held as these and their
       columns, where all that reads it are products that make fewer features of it, and dropouts
       before them. How few depends on the features that are made (`sparse`); behind a dropout,
       which draws a number for each that it is given, more are (`sparse_dropped`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphc.core.operation import PRECISIONS, KeepsZeros, MultipliesSparse
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.passes.remarks import Remarks

SMALL = 16
"""Features of a small product: more numbers than would do for it are nothing to speak of."""


def hold_sparse(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with sparse inputs; see the module's text for the rule."""
    inputs = tuple((name, _held(graph, name, kind, remarks)) for name, kind in graph.inputs)
    return replace(graph, inputs=inputs)


def _held(graph: Graph, name: str, kind: Type, remarks: Remarks) -> Type:
    """The type of an input, sparse where it is of few numbers and all that reads it takes that."""
    share, forms = remarks.shares.get(name), remarks.forms
    if share is None or len(kind.shape) != 1 or kind.dtype != "float":
        return kind
    said, few = f"{share:.1%} of `{name}` are other than 0", share * SMALL <= forms.sparse
    readers = list(_readers(graph, name))
    wants_all = next((node for node, _ in readers if not _takes(graph, node)), None)
    if wants_all is not None and few:
        remarks.left(1, f"{said}, but `{wants_all.name}` reads all", wants_all.span)
    if wants_all is not None or any(ref == Ref(name) for _, ref in graph.outputs):
        return kind
    for node, dropped in readers:
        features = graph.types[Ref(node.name)].features
        most = forms.sparse_dropped if dropped else forms.sparse
        if not node.operation.trait(KeepsZeros) and share * features > most:
            if few:
                text = f"{said}, too many for the {features:,} features of `{node.name}`"
                remarks.left(1, text, node.span)
            return kind
    remarks.did(1, f"{said}, and no others are read")
    return replace(kind, sparse=True)


def _readers(graph: Graph, name: str, dropped: bool = False) -> Iterator[tuple[Node, bool]]:
    """What reads a value, and what reads that behind dropouts; whether it stands behind one."""
    for node in graph.users[name]:
        yield node, dropped
        if node.operation.trait(KeepsZeros):
            yield from _readers(graph, node.name, dropped=True)


def _takes(graph: Graph, node: Node) -> bool:
    """Whether it takes a sparse input."""
    outputs = {ref.node for _, ref in graph.outputs}
    if node.operation.trait(KeepsZeros):
        return node.name not in outputs
    x, *_ = graph.input_types(node)
    return (
        node.operation.trait(MultipliesSparse) is not None
        and len(node.references) == 1
        and node.name not in graph.tied
        and getattr(node.operation, "precision", PRECISIONS[0]) == PRECISIONS[0]
        and graph.types[Ref(node.name)].features < x.features
    )
