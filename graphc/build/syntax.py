"""What a spec says, before it means anything: formulas, steps, sections and definitions.

Readers of text make these; `graphc.build` gives them their meaning. Every part knows its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphc.core.span import Span
from graphc.core.tree import Scalar, Tree


@dataclass(frozen=True)
class Delay:
    """`@t-1` is Delay(-1); `@target+2` is Delay(2, "target")."""

    offset: int
    axis: str | None = None


@dataclass(frozen=True)
class Reference:
    """`name`, `name.port`, `name@t-1`: the value of a node."""

    name: str
    span: Span = field(compare=False)
    port: str | None = None
    delay: Delay | None = None

    def __str__(self) -> str:
        port = f".{self.port}" if self.port else ""
        delay = f"@{self.delay.axis or 't'}{self.delay.offset:+d}" if self.delay else ""
        return self.name + port + delay


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: int | float
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Parameter:
    """`$name`, or `$input.below` / `$input.features`, a property of an input's type."""

    name: str
    span: Span = field(compare=False)
    member: str | None = None


@dataclass(frozen=True)
class Unary:
    """`-operand`."""

    operator: str
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Binary:
    """`left operator right`, the operator one of + - * / // **."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Apply:
    """`function(value, input=value, attribute=word)`: an operation, block or network on values.

    Keyword arguments keep their source as a scalar beside the parsed value: whether one is an
    attribute or a named input is known only when the function is.
    """

    function: str
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[Scalar, Scalar, Expression], ...]
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


Expression = Reference | Number | Parameter | Unary | Binary | Apply


@dataclass(frozen=True)
class Step:
    """An operation or a block with its attributes.

    `attributes` is what stands under the operation's name: None (no value), a scalar or list for
    the primary attribute, or a mapping. `sources` is None where `from` was left out, and
    `precision` where that of all around the step holds. `every` says at which steps of a sequence
    it is computed anew, `remat` whether that is done again on the way back.
    """

    operation: str
    operation_span: Span = field(compare=False)
    attributes: Tree | None
    span: Span = field(compare=False)
    name: Scalar | None = None
    sources: tuple[Reference, ...] | dict[str, tuple[Reference, ...]] | None = None
    sources_span: Span | None = field(default=None, compare=False)
    precision: Tree | None = None
    every: Tree | None = None
    remat: Tree | None = None

    @property
    def word(self) -> Reference:
        """The operation's name and its place, for messages about the step."""
        return Reference(self.operation, self.operation_span)


@dataclass(frozen=True)
class Chain:
    """`{layers: [...], from: v}`: steps one after another, as one node.

    `steps` is a parameter where a block was handed the steps (`{layers: $body}`); a step that could
    not be read is None.
    """

    steps: tuple[Step | None, ...] | Parameter
    span: Span = field(compare=False)
    sources: tuple[Reference, ...] | None = None


Node = Step | Chain | Expression


@dataclass(frozen=True)
class Declared:
    """A parameter of a block: its type word, and its default unless it is required."""

    name: Scalar
    type: str
    default: Tree | None = None
    help: str = ""


@dataclass(frozen=True)
class InputDeclaration:
    """An input of a section.

    `written` is what stands under its name: `[28, 28, 1]`, `{int: [], below: 10}`, `any`, or a
    block input's default. None means any type.
    """

    name: Scalar
    written: Tree | None = None


@dataclass(frozen=True)
class Initial:
    """What a value is before the first step: a formula, or an operation without inputs.

    Args:
        name: of the value.
        formula: `h0`, `last(encoder)`, `0.5`; None where an operation is written.
        operation: `constant` or `learned`, with what stands under it.
        attributes: under it.
        shape: of the value at one step, where it is told.
    """

    name: Scalar
    formula: Expression | None = None
    operation: Scalar | None = None
    attributes: Tree | None = None
    shape: Tree | None = None


@dataclass(frozen=True)
class Section:
    """A network or the inside of a block: inputs, then layers or nodes, then outputs.

    A step or node that could not be read is None, and so are outputs: an empty tuple. Only networks
    have a precision.
    """

    span: Span = field(compare=False)
    inputs: tuple[InputDeclaration, ...] | None = None
    layers: tuple[Step | None, ...] | None = None
    nodes: tuple[tuple[Scalar, Node | None], ...] = ()
    outputs: tuple[Reference, ...] | None = None
    precision: Tree | None = None
    initial: tuple[Initial, ...] = ()


@dataclass(frozen=True)
class Block:
    """A definition under `blocks:`."""

    name: str
    parameters: tuple[Declared, ...]
    section: Section
    span: Span = field(compare=False)
