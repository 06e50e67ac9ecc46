"""A node: an operation on the values of other nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphc.core.operation import Operation
from graphc.core.span import Span, nowhere


@dataclass(frozen=True, order=True)
class Ref:
    """The value of a node, or one of its ports."""

    node: str
    port: str | None = None

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.port else self.node


@dataclass(frozen=True)
class Node:
    """A named operation and where its inputs come from.

    Args:
        name: unique in its graph. A `/` stands between the name of an inline chain and a step of
            it, a `:` between a formula's name and a part of it.
        operation: what it does, with its attributes.
        inputs: one reference for each of the operation's inputs (None where an optional one was
            left out), or the items of a variadic one.
        span: where it was written.
        named: whether its name was given rather than made from its operation.
        remat: whether what lies within it is computed again on the way back, rather than kept; of
            layers, within each.
    """

    name: str
    operation: Operation
    inputs: tuple[Ref | None, ...] = ()
    span: Span = field(default_factory=nowhere, compare=False)
    named: bool = field(default=True, compare=False)
    remat: bool = False

    @property
    def references(self) -> tuple[Ref, ...]:
        """The inputs that are there."""
        return tuple(each for each in self.inputs if each is not None)

    @property
    def before(self) -> tuple[Ref, ...]:
        """The inputs that must be there before it: all but what a delay reads of a step before."""
        return self.references[1:] if self.operation.feedback else self.references

    @property
    def part(self) -> bool:
        """Whether it is a part of a formula (or of a `from` list) rather than a node of its own."""
        return ":" in self.name
