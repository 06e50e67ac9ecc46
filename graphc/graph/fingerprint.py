"""A short name for what networks compute, which comments and the order of a file do not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

from graphc.core.operation import Operation
from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.graph import Graph


def fingerprint(networks: Mapping[str, Graph], *others: object) -> str:
    """The same for the same nodes of the same types, and the same other values."""
    lines = [line for name, graph in sorted(networks.items()) for line in (name, *_lines(graph))]
    text = "\n".join([*lines, *map(str, others)])
    return f"graph-{crc32(text.encode()):08x}"


def _lines(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        types = ", ".join(map(str, graph.input_types(node)))
        yield f"{node.name} {node.inputs} {types} {node.remat}"
        yield from _said(node.operation)


def _said(operation: Operation) -> Iterator[str]:
    if isinstance(operation, Call):
        yield from _lines(operation.graph)
    elif isinstance(operation, Repeat):
        for copy in operation.copies:
            yield from _said(copy)
    elif isinstance(operation, Stack):
        yield from _said(operation.layer)
    else:
        attributes = (getattr(operation, each.name) for each in operation.attributes())
        precision = getattr(operation, "precision", None)
        yield " ".join([operation.name, str(precision), *map(str, attributes)])
