"""`remat` beside a step: what lies within it is computed again on the way back, not kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Assembly
from graphc.build.steps import fail
from graphc.core.attributes import Bool
from graphc.core.declaration import within
from graphc.core.diagnostic import SpecError
from graphc.core.operation import (
    Chooses,
    Concatenates,
    Linear,
    Literal,
    Operation,
    ShapeToSteps,
    Spelled,
    StepsToShape,
    StopsGradient,
    Unchanged,
)
from graphc.core.tree import Tree
from graphc.graph.calls import Repeat

if TYPE_CHECKING:
    from graphc.build.context import Context

KEEP_NOTHING = (
    *(Chooses, Concatenates, Literal, ShapeToSteps, Spelled, StepsToShape, StopsGradient),
    Unchanged,
)
"""What is told by a trait to need no value on the way back but its inputs."""
_WITHIN = "write `remat` beside the steps in it, or make a block of them"


def read_remat(tree: Tree, owner: str) -> bool:
    """Whether `owner` says `remat: true`."""
    try:
        return Bool().read(tree)
    except SpecError as error:
        raise SpecError(within(each, owner, "remat") for each in error.diagnostics) from None


def check_remat(found: object, step: syntax.Step) -> None:
    """Refuse (GC248) `remat` beside what holds steps but is neither a block nor layers."""
    if isinstance(found, str) and found != "repeat":
        message = f"`{found}` is not computed again as a whole"
        raise fail("GC248", message, step.remat, _WITHIN)


def keeps_nothing(operation: Operation) -> bool:
    """Whether the way back through an operation needs its inputs alone."""
    if isinstance(operation, Repeat):
        return all(map(keeps_nothing, dict.fromkeys(operation.copies)))
    if operation.trait(Linear):
        return getattr(operation, "activation", None) is None
    return any(operation.trait(kind) for kind in KEEP_NOTHING)


def mark(assembly: Assembly, name: str, step: syntax.Step, tree: Tree, context: Context) -> None:
    """Mark the node of a step, refusing (GC248) one of which nothing would be computed again."""
    check_remat(context.library.find(step.operation, step.operation_span), step)
    if not read_remat(context.environment.substitute(tree), step.operation):
        return
    node = assembly.nodes[name]
    if keeps_nothing(node.operation):
        message = f"nothing of `{step.operation}` would be computed again: its gradient needs"
        help = "write `remat` beside a block, a `repeat` or a layer with an activation"
        raise fail("GC248", f"{message} its input alone", tree, help)
    assembly.nodes[name] = replace(node, remat=True)
