"""Seeds come from names, so siblings whose names have the same hash would get the same weights."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node


def collisions(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Nodes of one level, at any depth, with different names and the same seed.

    The emitted `at` folds the crc32 of each part of a path into the key, so only names under the
    same prefix can meet.
    """
    waiting, seen = [graph], {graph}
    while waiting:
        level = waiting.pop()
        yield from _of_level(level)
        for node in level.nodes:
            for inner in _inside(node):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def _of_level(graph: Graph) -> Iterator[tuple[Node, Node]]:
    known: dict[tuple[str, int], tuple[str, Node]] = {}
    for node in graph.nodes:
        prefix = ""
        for part in node.name.split("/"):
            key = prefix, int(part) if part.isdigit() else zlib.crc32(part.encode())
            other, first = known.setdefault(key, (part, node))
            if other != part:
                yield first, node
            prefix += f"{part}/"


def _inside(node: Node) -> Iterator[Graph]:
    operation = node.operation
    copies = dict.fromkeys(operation.copies) if isinstance(operation, Repeat) else (operation,)
    for each in copies:
        each = each.layer if isinstance(each, Stack) else each
        if isinstance(each, Call):
            yield each.graph
