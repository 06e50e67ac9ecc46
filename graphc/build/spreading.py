"""Calls of networks in `train`: what all examples share is given to them once for each."""

from __future__ import annotations

from graphc.build.assembly import Assembly
from graphc.build.context import Context
from graphc.core.span import Span
from graphc.core.types import BATCH
from graphc.graph.calls import NetworkCall
from graphc.graph.node import Ref
from graphc.ops.spreading import ForEachExample


def for_each_example(
    call: NetworkCall,
    name: str,
    inputs: tuple[Ref, ...],
    span: Span,
    assembly: Assembly,
    context: Context,
) -> tuple[Ref, ...]:
    """The inputs of a call, those that have no examples spread over them.

    Outside of `train` nothing says which examples there are, and they stay as they are.
    """
    if context.examples is None:
        return inputs
    spread = []
    for (word, wanted), ref in zip(call.graph.inputs, inputs, strict=True):
        if wanted.domain == (BATCH,) and not assembly.types[ref].domain:
            both = (ref, context.examples)
            ref = assembly.add(f"{name}:{word}", ForEachExample(), both, span, named=False)
        spread.append(ref)
    return tuple(spread)
