"""Shapes: the same numbers along other axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from graphc.core.attributes import Int, Ints
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operation import Elementwise, Operation, ShapeError, Unchanged
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import feature_axis, listing_of_axes, new_axis


class Identity(Operation):
    """The value itself: `y = x`.

    Shapes: any, unchanged.
    """

    name = "identity"
    call = code("$x")
    traits = (Elementwise(), Unchanged())

    def infer(self, x: Type) -> Type:
        return x


class Flatten(Operation):
    """All numbers of a point in one axis, the last axis running fastest.

    Shapes: [h, w, c] -> [h * w * c]; [] -> [1].
    """

    name = "flatten"
    call = code("jax.lax.collapse($x, $start)")
    traits = (Unchanged(),)

    def infer(self, x: Type) -> Type:
        return replace(x, shape=(x.size,))

    def call_code(self, x: Type) -> Code:
        if not x.shape:
            return code("$x[..., None]")
        return self.call if len(x.shape) > 1 else Identity.call

    def holes(self, x: Type) -> dict[str, object]:
        return {"start": len(x.domain)}


@dataclass(frozen=True)
class Reshape(Operation):
    """The numbers of a point, in the same order, in another shape.

    Shapes: any -> `shape`, where one -1 stands for whatever is left.
    """

    name = "reshape"
    call = code("jnp.reshape($x, $sizes)")
    traits = (Unchanged(),)

    shape: tuple[int, ...] = primary(
        Ints(minimum=-1), "the new shape of one point; -1 once at most"
    )

    def infer(self, x: Type) -> Type:
        if 0 in self.shape or self.shape.count(-1) > 1:
            raise ShapeError(
                f"`reshape` cannot make {list(self.shape)}",
                "give positive sizes, and -1 once at most",
            )
        known = prod(size for size in self.shape if size != -1)
        if x.size % known or (x.size != known and -1 not in self.shape):
            raise ShapeError(
                f"`reshape` cannot make {list(self.shape)} of {x}: {x.size} numbers do not fit",
                "write -1 for one of the sizes" if x.size % known == 0 else None,
            )
        return replace(x, shape=tuple(x.size // known if n == -1 else n for n in self.shape))

    def call_code(self, x: Type) -> Code:
        # Several axes of unknown length: jnp.reshape has only one -1.
        return self.call if len(x.domain) < 2 else code("reshape_points($x, $axes, $sizes)")

    def holes(self, x: Type) -> dict[str, object]:
        unknown = (-1,) if len(x.domain) == 1 else ()
        return {"axes": len(x.domain), "sizes": (*unknown, *self.infer(x).shape)}


@dataclass(frozen=True)
class Permute(Operation):
    """The axes of a point in another order: the first is the axis `axes[0]` of x, and so on.

    Shapes: [h, w, c] -> [c, h, w] for `permute: [2, 0, 1]`.
    """

    name = "permute"
    call = code("jnp.transpose($x, $order)")

    axes: tuple[int, ...] = primary(Ints(minimum=None), "all axes of the shape in their new order")

    def infer(self, x: Type) -> Type:
        order = [feature_axis(self.name, x, axis) for axis in self.axes]
        if sorted(order) != list(range(-len(x.shape), 0)):
            raise ShapeError(
                f"`permute` needs each axis of {x} once, and is given {list(self.axes)}",
                f"its axes are {listing_of_axes(len(x.shape))}",
            )
        return replace(x, shape=tuple(x.shape[axis] for axis in order))

    def call_code(self, x: Type) -> Code:
        turned = not x.domain and [axis % 2 for axis in self.axes] == [1, 0]
        return code("$x.T") if turned else self.call

    def holes(self, x: Type) -> dict[str, object]:
        order = (axis + x.rank if axis < 0 else axis + len(x.domain) for axis in self.axes)
        return {"order": (*range(len(x.domain)), *order)}


@dataclass(frozen=True)
class ExpandDims(Operation):
    """A new axis of length 1.

    Shapes: [n] -> [n, 1], so that it meets [n, m] in a formula; [1, n] for `axis: 0`.
    """

    name = "expand_dims"
    call = code("jnp.expand_dims($x, $place)")

    axis: int = primary(Int(), "where the new axis stands in the new shape", -1)

    def infer(self, x: Type) -> Type:
        place = new_axis(self.name, x, self.axis) + len(x.shape) + 1
        return replace(x, shape=(*x.shape[:place], 1, *x.shape[place:]))

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": new_axis(self.name, x, self.axis)}


@dataclass(frozen=True)
class Squeeze(Operation):
    """The value without an axis of length 1.

    Shapes: [n, 1] -> [n].
    """

    name = "squeeze"
    call = code("jnp.squeeze($x, axis=$place)")

    axis: int = primary(Int(), "the axis that goes", -1)

    def infer(self, x: Type) -> Type:
        shape = list(x.shape)
        if shape.pop(feature_axis(self.name, x, self.axis)) != 1:
            raise ShapeError(
                f"`squeeze` takes an axis of length 1 away, and axis {self.axis} of {x} is longer",
                "name another axis, or take its sum, mean or largest number",
            )
        return replace(x, shape=tuple(shape))

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


operations.add(Identity, Flatten, Reshape, Permute, ExpandDims, Squeeze)
