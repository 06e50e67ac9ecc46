"""A spec as points, groups and edges: what every drawing of it is made of.

A block is a group whose edges lead to the values behind its inputs and outputs; a repeat is a
group with one picture of each kind of layer; a network is drawn once, and a call of it is a point.
`graphc.insight.painting` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphc.core.span import Span
from graphc.core.types import Type
from graphc.insight.cost import Cost


@dataclass(frozen=True)
class End:
    """Where a value comes from: a point, and its port."""

    id: str
    port: str | None = None
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Point:
    """A node: `kind` is input, node, network (a call of one) or output.

    `operands` are the values that it reads, in order; `structure` is what a formula does with them,
    or the names of the inputs where some were left out.
    `named` is whether its name was given rather than made from its operation.
    """

    id: str
    group: str | None
    kind: str
    name: str
    operation: str
    output: Type
    cost: Cost = field(default_factory=Cost)
    attributes: Mapping[str, object] = field(default_factory=dict)
    count: int = 1
    span: Span | None = None
    operands: tuple[End, ...] = ()
    structure: str = ""
    named: bool = True


@dataclass(frozen=True)
class Group:
    """What holds points: `kind` is network, block or repeat; it stands for `count` equal ones."""

    id: str
    group: str | None
    kind: str
    name: str
    operation: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    count: int = 1
    span: Span | None = None
    named: bool = True


@dataclass(frozen=True)
class Edge:
    """From a point to a point that reads it; `input` is said where there are several.

    `delayed` is an edge to a later or an earlier step, which may close a cycle.
    """

    source: str
    target: str
    input: str | None = None
    port: str | None = None
    type: Type | None = field(default=None, compare=False)
    delayed: bool = False


@dataclass
class Picture:
    """Everything there is to draw, groups before what they hold; edges are in order and unique."""

    points: list[Point] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    edges: dict[Edge, None] = field(default_factory=dict)
