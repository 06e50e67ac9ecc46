"""The place that is being expanded, and how an error inside a block reads outside of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.library import Library
from graphc.build.parameters import Environment
from graphc.core.diagnostic import Diagnostic, Note, SpecError
from graphc.core.operation import PRECISIONS
from graphc.core.span import Span
from graphc.graph.node import Ref

if TYPE_CHECKING:
    from graphc.build.expand import Expander

_DEEPEST = 60


@dataclass(frozen=True)
class Context:
    """The place that is being expanded.

    Args:
        expander: the expansion it belongs to.
        library: the names of operations, blocks and networks.
        environment: the parameters.
        calls: the blocks and networks that are being expanded around it, outermost first.
        precision: of the products there.
        examples: a value of the examples, beside which random values are drawn.
    """

    expander: Expander
    library: Library
    environment: Environment
    calls: tuple[tuple[str, int], ...] = ()
    precision: str = PRECISIONS[0]
    examples: Ref | None = None


def enter(context: Context, name: str, identity: int, span: Span) -> Context:
    """The context inside a block or network; one that holds itself is an error."""
    names = [each for each, _ in context.calls]
    if len(names) > _DEEPEST:
        message = f"`{name}` is called more than {_DEEPEST} calls deep"
        raise SpecError(Diagnostic("GC213", message, span, help="call fewer inside each other"))
    if any(each == identity for _, each in context.calls):
        trail = " -> ".join(f"`{each}`" for each in [*names, name])
        message = f"`{name}` calls itself: {trail}"
        help = "write repetition with `repeat`; a block is copied wherever it is called"
        raise SpecError(Diagnostic("GC213", message, span, help=help))
    return replace(context, calls=(*context.calls, (name, identity)))


def from_inside(
    diagnostics: Iterable[Diagnostic], block: syntax.Block, span: Span
) -> list[Diagnostic]:
    """What went wrong in a block, as its caller sees it.

    A shape or a parameter that a block of another file cannot take is the caller's mistake: nobody
    wants to mend the standard blocks. Where several layers say the same of it, one is enough.
    """
    found: dict[tuple, Diagnostic] = {}
    for each in diagnostics:
        seen = _from_inside(each, block, span)
        found.setdefault((seen.code, seen.message, seen.span), seen)
    return list(found.values())


def _from_inside(diagnostic: Diagnostic, block: syntax.Block, span: Span) -> Diagnostic:
    place = diagnostic.span
    if (
        diagnostic.code in ("GC203", "GC210", "GC231", "GC232")
        and place is not None
        and place.source is not span.source
    ):
        note = Note(f"this arises inside the block `{block.name}`", place)
        return replace(diagnostic, span=span, notes=(*diagnostic.notes, note))
    note = Note(f"in block `{block.name}`, called", span)
    return replace(diagnostic, notes=(*diagnostic.notes, note))
