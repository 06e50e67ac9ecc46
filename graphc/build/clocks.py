"""Values that are computed anew at some steps only, and kept in between: `every: 4`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Scope
from graphc.build.steps import fail
from graphc.core.attributes import Int
from graphc.core.registry import operations
from graphc.core.types import TIME, time_axes
from graphc.graph.node import Ref
from graphc.graph.time import Clock

if TYPE_CHECKING:
    from graphc.build.context import Context


def held(step: syntax.Step, name: str, made: Ref, scope: Scope, context: Context) -> Ref:
    """The value of a step where its clock ticks, and what was held before elsewhere.

    It is `where(clock, value, held@t-1)`: the node `name:held`, which the name then stands for.
    """
    assert step.every is not None
    count = Int(1).read(context.environment.substitute(step.every))
    assembly, span = scope.assembly, step.every.span
    kind = assembly.types[made]
    axes = time_axes(kind)
    if len(axes) != 1 or kind.dtype not in ("float", "open"):
        message = f"`every` says at which steps a value is computed, and `{name}` is {kind}"
        help = "it is for sequences of numbers" if axes else None
        raise fail("GC236", message, step.every, help)
    for word, (of, _) in assembly.delays.items():
        if of == name and assembly.nodes[word].operation.offset > 0:
            message = f"`every` counts from the first step, and `{word}` goes from the last one"
            help = "turn the sequence round: `bidirectional` does, and `reverse`"
            raise fail("GC236", message, step.every, help)
    assembly.expected.setdefault((name, None), kind)
    before = assembly.delay((name, None), None, -1, axes[0], span)
    clock = f"clock:{count}" if axes[0] == TIME else f"clock:{axes[0].name}:{count}"
    if clock not in assembly.nodes:
        streams = (ref for ref, each in assembly.types.items() if axes[0] in each.domain)
        like = min(streams, key=lambda ref: assembly.types[ref].domain.index(axes[0]))
        assembly.add(clock, Clock(axes[0], count), (like,), span, named=False)
    inputs = Ref(clock), made, before
    return assembly.add(f"{name}:held", operations["where"](), inputs, span, named=False)


def refuse_clock(step: syntax.Step) -> None:
    """Raise SpecError GC236 for a step of a chain."""
    help = "write it under `nodes`: `h: {dense: 8, from: x, every: 4}`"
    raise fail("GC236", "`every` goes with a node that has a name", step.every, help)
