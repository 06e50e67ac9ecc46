"""What is the same for all examples, handed to what wants a value of each."""

from __future__ import annotations

from dataclasses import replace

from graphc.core.code import code
from graphc.core.operation import Input, Operation
from graphc.core.types import BATCH, Type


class ForEachExample(Operation):
    """A value that all examples share, once for each of them.

    Shapes: any without examples -> the same for each example of `like`.
    """

    name = "for_each_example"
    inputs = (Input("x"), Input("like", help="a value of the examples"))
    call = code("jnp.broadcast_to($x, (len($like), *$x.shape))")

    def infer(self, x: Type, like: Type) -> Type:
        presence = like.presence & {BATCH.name}
        return replace(x, domain=(BATCH,), presence=presence)
