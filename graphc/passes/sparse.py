"""sparse: of an input that is 0 nearly everywhere, only the other numbers are read.

Rules:
    1. An input of which the data says that few numbers are not 0 (`sparse`) is held as
       these and their columns, where all that reads it are products that make fewer features of it,
       and dropouts before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphc.core.operation import PRECISIONS, KeepsZeros, MultipliesSparse
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.passes.remarks import Remarks


def hold_sparse(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with sparse inputs; see the module's text for the rule."""
    most = remarks.forms.sparse
    few = {name for name, share in remarks.shares.items() if share <= most}
    inputs = tuple((name, _held(graph, name, kind, few, remarks)) for name, kind in graph.inputs)
    return replace(graph, inputs=inputs)


def _held(graph: Graph, name: str, kind: Type, few: set[str], remarks: Remarks) -> Type:
    """The type of an input, sparse where it is of few numbers and all that reads it takes that."""
    if name not in few or len(kind.shape) != 1 or kind.dtype != "float":
        return kind
    share = f"{remarks.shares[name]:.1%} of `{name}` are other than 0"
    wants_all = next((node for node in _readers(graph, name) if not _takes(graph, node)), None)
    if wants_all is not None:
        remarks.left(1, f"{share}, but `{wants_all.name}` reads all", wants_all.span)
        return kind
    if any(ref == Ref(name) for _, ref in graph.outputs):
        return kind
    remarks.did(1, f"{share}, and no others are read")
    return replace(kind, sparse=True)


def _readers(graph: Graph, name: str) -> Iterator[Node]:
    """What reads a value, and what reads that behind operations that keep zeros."""
    for node in graph.users[name]:
        yield node
        if node.operation.trait(KeepsZeros):
            yield from _readers(graph, node.name)


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
