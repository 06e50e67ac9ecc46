"""`precision`: what the operands of products are, beside a step or for a whole network."""

from __future__ import annotations

from dataclasses import replace

from graphc.build import syntax
from graphc.build.library import Network
from graphc.build.steps import fail
from graphc.core.declaration import within
from graphc.core.diagnostic import SpecError
from graphc.core.operation import Multiplying, Operation
from graphc.core.precision import PRECISION
from graphc.core.tree import Tree


def read_precision(tree: Tree, owner: str) -> str:
    """The word; `owner` is what has it, for messages."""
    try:
        return PRECISION.read(tree)
    except SpecError as error:
        raise SpecError(within(each, owner, "precision") for each in error.diagnostics) from None


def check_owner(found: object, step: syntax.Step) -> None:
    """Refuse (GC247) a precision beside what multiplies nothing, or has one of its own."""
    name = step.operation
    if isinstance(found, Network):
        help = f"write it in `{name}`, for all of its calls"
        message = f"the weights of the network `{name}` are shared, and so is its precision"
        raise fail("GC247", message, step.precision, help)
    if isinstance(found, type) and not issubclass(found, Multiplying):
        message = f"`{name}` sums up no products, so it has no precision"
        raise fail("GC247", message, step.precision, "leave it out: all but products is float32")


def in_precision(operation: Operation, precision: str) -> Operation:
    """The operation with products of this precision, if it has products."""
    if isinstance(operation, Multiplying) and operation.precision != precision:
        return replace(operation, precision=precision)
    return operation
