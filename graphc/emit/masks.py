"""The masks of points that are there, and what they are called in the code of a graph.

Where no steps can be absent there is one `mask`, [batch]; where steps over one axis can, it is
[batch, steps]. Values over several such axes, of an encoder and a decoder, have a mask each:
`source_mask` and `target_mask`. An example that is there has a first step over each of them. Which
edges of a graph are there its `graph` knows.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from dataclasses import dataclass

from graphc.core.code import Code
from graphc.core.operands import STEPS_MASK
from graphc.core.types import BATCH, EDGES, Type, edges_axis, join_domains, uneven_axes
from graphc.emit.trees import name
from graphc.graph.graph import Graph

ROWS = BATCH.name
"""Stands for the mask of examples among the names of axes."""


@dataclass(frozen=True)
class Masks:
    """The masks that the code of a graph has.

    Args:
        axes: the names of the axes along which steps may be absent.
    """

    axes: tuple[str, ...] = ()

    @staticmethod
    def of(graph: Graph) -> Masks:
        """Those of a graph, in the order in which its values come."""
        found = (axis.name for kind in graph.types.values() for axis in uneven_axes(kind))
        return Masks(tuple(dict.fromkeys(found)))

    def word(self, axis: str) -> str:
        """What the mask of the steps over an axis is called, or that of examples."""
        return f"{axis}_mask" if len(self.axes) > 1 else "mask"

    def needed(self, axes: Iterable[str]) -> frozenset[str]:
        """The masks that are handed down so that the code has these."""
        first = self.axes[0] if self.axes else ROWS
        return frozenset(first if axis == ROWS else axis for axis in axes)

    def along(self, axis: str) -> ast.expr:
        """The mask [batch, steps] over an axis, or [batch] of examples."""
        if axis == EDGES.name:
            return ast.Attribute(name("graph"), "there", ast.Load())
        if axis != ROWS:
            return name(self.word(axis))
        if not self.axes:
            return name("mask")
        return _indexed(name(self.word(self.axes[0])), ":, 0")

    def values(self, template: Code, types: Iterable[Type]) -> dict[str, ast.expr]:
        """The masks that the code of an operation on values of these types has holes for."""
        found = {hole: self.along(axis) for hole, axis in _holes(template).items()}
        return found | ({"mask": self.points(types)} if template.uses("mask") else {})

    def points(self, types: Iterable[Type]) -> ast.expr:
        """The mask of all points of values of these types, over the axes of all of them."""
        types = tuple(types)
        domain, _ = join_domains(types)
        places = {axis.name: place for place, axis in enumerate(domain)} | {ROWS: 1}
        axes = sorted(_uneven(types), key=places.__getitem__)
        last = places[axes[-1]]
        several = [placed(self.along(each), places[each], last) for each in axes]
        return functools.reduce(lambda one, other: ast.BinOp(one, ast.BitAnd(), other), several)


def masked(template: Code, types: Iterable[Type]) -> frozenset[str]:
    """The axes whose masks the code of an operation on values of these types takes."""
    return _masked(template, types) - {EDGES.name}


def reads_edges(template: Code, types: Iterable[Type]) -> bool:
    """Whether that code reads which edges of its graph are there."""
    return EDGES.name in _masked(template, types)


def _masked(template: Code, types: Iterable[Type]) -> frozenset[str]:
    points = _uneven(types) if template.uses("mask") else ()
    return frozenset((*points, *_holes(template).values()))


def _holes(template: Code) -> dict[str, str]:
    """The axes of masks of steps by the names of their holes."""
    begun = (hole for hole in template.holes if hole.startswith(STEPS_MASK))
    return {hole: hole.removeprefix(STEPS_MASK) for hole in begun}


def _uneven(types: Iterable[Type]) -> frozenset[str]:
    """The axes along which some of these values may be absent."""
    axes = (axis for kind in types for axis in (*uneven_axes(kind), edges_axis(kind)) if axis)
    return frozenset(axis.name for axis in axes) or frozenset({ROWS})


def placed(mask: ast.expr, place: int, last: int) -> ast.expr:
    """A mask [batch, steps] for values whose steps are the axis `place`, up to the axis `last`."""
    words = [":", *["None"] * (place - 1), ":", *["None"] * (last - place)]
    while words and words[-1] == ":":
        words.pop()
    return _indexed(mask, ", ".join(words)) if words else mask


def _indexed(value: ast.expr, index: str) -> ast.expr:
    tree = ast.parse(f"x[{index}]", mode="eval").body
    assert isinstance(tree, ast.Subscript)
    return ast.Subscript(value, tree.slice, ast.Load())
