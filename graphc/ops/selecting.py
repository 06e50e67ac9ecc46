"""Selecting: some of the numbers of a value, or all in another order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Int
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operands import operand
from graphc.core.operation import Input, Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type, join_domains
from graphc.ops.checks import feature_axis, need_bounded, need_features


@dataclass(frozen=True)
class Slice(Operation):
    """The entries of an axis from `start` up to, but without, `stop`.

    Shapes: [..., n] -> [..., ceil((stop - start) / step)]. Places below 0 count from the end, as
    in Python: `stop: -1` leaves the last entry out.
    """

    name = "slice"

    start: int = attribute(Int(), "the first place that is taken", 0)
    stop: int | None = attribute(Int(), "the place behind the last; the end if left out", None)
    step: int = attribute(Int(1), "from one place that is taken to the next", 1)
    axis: int = attribute(Int(), "the axis that is cut", -1)

    def infer(self, x: Type) -> Type:
        shape = list(x.shape)
        shape[feature_axis(self.name, x, self.axis)] = len(self._places(x))
        return replace(x, shape=tuple(shape))

    def _places(self, x: Type) -> range:
        length = x.shape[feature_axis(self.name, x, self.axis)]
        stop = length if self.stop is None else self.stop
        of = f"axis {self.axis} of {x}"
        for word, place in (("start", self.start), ("stop", stop)):
            if not -length <= place <= length:
                raise ShapeError(
                    f"the `{word}` {place} of `slice` lies outside of {of}, which has length"
                    f" {length}",
                    f"a place is one of {-length} to {length}",
                )
        taken = range(length)[self.start : stop : self.step]
        if not taken:
            raise ShapeError(
                f"`slice` takes nothing of {of}: it starts at {self.start} and stops at {stop}"
            )
        return taken

    def call_code(self, x: Type) -> Code:
        taken = self._places(x)
        start = self.start if taken.start else ""
        stop = "" if self.stop is None or taken.stop == x.shape[self.axis] else self.stop
        step = f":{self.step}" if self.step > 1 else ""
        behind = ", :" * (-feature_axis(self.name, x, self.axis) - 1)
        return code(f"$x[..., {start}:{stop}{step}{behind}]")


@dataclass(frozen=True)
class Flip(Operation):
    """The entries of an axis in the opposite order.

    Shapes: any, unchanged.
    """

    name = "flip"
    call = code("jnp.flip($x, axis=$place)")

    axis: int = primary(Int(), "the axis that is turned round", -1)

    def infer(self, x: Type) -> Type:
        feature_axis(self.name, x, self.axis)
        return x

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


@dataclass(frozen=True)
class Roll(Operation):
    """The entries of an axis moved on by `shift` places; those that leave come in at the front.

    Shapes: any, unchanged.
    """

    name = "roll"
    call = code("jnp.roll($x, $shift, axis=$place)")

    shift: int = primary(Int(), "how many places each entry moves; below 0 towards the front")
    axis: int = attribute(Int(), "the axis along which they move", -1)

    def infer(self, x: Type) -> Type:
        feature_axis(self.name, x, self.axis)
        return x

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


class Pick(Operation):
    """The entry of the last axis that a whole number names: `y = x[..., index]`.

    Shapes: [..., n], int [...] below n -> [...]: the value of the chosen action, the probability
    of the right class.
    """

    name = "pick"
    inputs = (Input("x"), Input("index", help="which entry, counted from 0"))

    def infer(self, x: Type, index: Type) -> Type:
        need_features(self.name, x)
        need_bounded(self.name, index)
        if index.shape != x.shape[:-1]:
            raise ShapeError(
                f"`pick` takes one number of {list(x.shape)} for each place, so it needs whole"
                f" numbers {list(x.shape[:-1])}, and is given {index}"
            )
        if (index.below or 0) > x.features:
            raise ShapeError(f"`pick` chooses among {x.features} numbers, and is given {index}")
        domain, presence = join_domains((x, index))
        return replace(x, shape=x.shape[:-1], domain=domain, presence=presence)

    def flops(self, x: Type, index: Type) -> int:
        return 0

    def call_code(self, x: Type, index: Type) -> Code:
        if not index.rank:
            return code("$x[..., $index]")
        whole = self.infer(x, index)
        chosen = operand("index", index, whole)
        return code(
            f"jnp.take_along_axis({operand('x', x, replace(whole, shape=x.shape))},"
            f" jnp.expand_dims({chosen}, -1), axis=-1).squeeze(-1)"
        )


@dataclass(frozen=True)
class TopK(Operation):
    """The largest numbers of the last axis, the largest first, and their places.

    Shapes: [..., n] -> `values` [..., count] and `places`, int [..., count] below n. The value
    without a port is the first of them.
    """

    name = "top_k"
    ports = ("values", "places")
    call = code("jax.lax.top_k($x, $count)")

    count: int = primary(Int(1), "how many of them")

    def infer(self, x: Type) -> dict[str, Type]:
        need_features(self.name, x)
        if self.count > x.features:
            raise ShapeError(f"`top_k` takes {self.count} numbers of {x}, which has {x.features}")
        values = x.with_last(self.count)
        return {"values": values, "places": replace(values, dtype="int", below=x.features)}

    def flops(self, x: Type) -> int:
        return x.size


operations.add(Slice, Flip, Roll, Pick, TopK)
