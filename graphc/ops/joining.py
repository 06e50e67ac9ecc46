"""Joining and splitting: several values as one, and one as several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate

from graphc.core.attributes import Int, Ints, Names, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operands import operand, steps_mask
from graphc.core.operation import (
    ChangesDomain,
    Concatenates,
    Operation,
    ShapeError,
    StepsToShape,
)
from graphc.core.registry import operations
from graphc.core.types import Type, is_uneven, join_domains, without
from graphc.ops.checks import axis_over, feature_axis, new_axis


@dataclass(frozen=True)
class Concat(Operation):
    """Values side by side along an axis.

    Shapes: [..., n], [..., m], ... -> [..., n + m + ...]; a single number counts as [1]. Along
    another axis, `axis: 0`, [n, c], [m, c], ... -> [n + m + ..., c]. A value that lacks an axis of
    the domain is repeated along it.
    """

    name = "concat"
    variadic = True
    traits = (Concatenates(),)
    call = code("jnp.concatenate([$items], axis=$axis)")

    axis: int = attribute(Int(), "the axis along which they stand", -1)

    def infer(self, *types: Type) -> Type:
        first = types[0]
        rests = [self._around(each) for each in types]
        for each, rest in zip(types, rests, strict=True):
            _check_kind(self.name, each, first)
            if rest != rests[0]:
                axis = "the last axis" if self.axis == -1 else f"axis {self.axis}"
                raise ShapeError(
                    f"`concat` cannot put {list(each.shape)} beside {list(first.shape)}",
                    f"shapes may differ only in {axis}",
                )
        if not any(each.shape for each in types):
            return _joined(types, (len(types),))
        longest = max((each.shape for each in types), key=len)
        length = sum(each.shape[self.axis] if each.shape else 1 for each in types)
        place = self._place(first) % len(longest)
        return _joined(types, (*longest[:place], length, *longest[place + 1 :]))

    def _place(self, x: Type) -> int:
        return feature_axis(self.name, replace(x, shape=x.shape or (1,)), self.axis)

    def _around(self, x: Type) -> tuple[int, ...]:
        """The sizes of the other axes."""
        place = self._place(x) % max(len(x.shape), 1)
        return (*x.shape[:place], *x.shape[place + 1 :])

    def call_code(self, *types: Type) -> Code:
        whole, place = self.infer(*types), self._place(types[0])
        items = ", ".join(_beside(f"item_{i}", each, whole) for i, each in enumerate(types))
        if _differ(types, whole):
            axis = "" if place == -1 else f", axis={place}"
            return code(f"join_features({items}{axis})")
        return code(f"jnp.concatenate([{items}], axis={place})")


@dataclass(frozen=True)
class Stack(Operation):
    """Values of one shape along a new axis.

    Shapes: k times [n] -> [k, n], or [n, k] for `axis: -1`. A value that lacks an axis of the
    domain is repeated along it.

    With `over: time` and `length: k` it undoes `stream`: the steps of one value become the first
    axis, [time, ...] -> [k, ...], with zeros where there is no step. A shape has sizes, and how
    many steps there are is for the data to say; so k is written, and longer sequences are an error.
    """

    name = "stack"
    variadic = True
    traits = (ChangesDomain("over"), StepsToShape())
    call = code("jnp.stack([$items], axis=$axis)")

    axis: int = primary(Int(), "where the new axis stands in the new shape", 0)
    over: str | None = attribute(
        Text(), "an axis of steps that becomes the new one, of a single value: `over: time`", None
    )
    length: int | None = attribute(Int(1), "how long it is then; shorter sequences end in 0", None)

    def complaint(self) -> str | None:
        if self.over is None:
            return "`length` of `stack` goes with `over`" if self.length is not None else None
        if self.length is None:
            return f"`stack` over `{self.over}` needs `length`: how many steps there are at most"
        if self.axis != 0:
            return f"`stack` over `{self.over}` makes the first axis, and `axis` is {self.axis}"
        return None

    def infer(self, *types: Type) -> Type:
        first = types[0]
        if self.over is not None:
            if len(types) > 1:
                message = f"`stack` over `{self.over}` takes one value, and is given {len(types)}"
                raise ShapeError(message, "put them side by side first: `concat`")
            made = without(first, axis_over(self.name, first, self.over))
            return replace(made, shape=(self.length, *first.shape))
        for each in types:
            _check_kind(self.name, each, first)
            if each.shape != first.shape:
                raise ShapeError(
                    f"`stack` cannot put {list(each.shape)} beside {list(first.shape)}",
                    "shapes must be equal; `concat` joins those that differ along one axis",
                )
        place = self._place(first) % (len(first.shape) + 1)
        return _joined(types, (*first.shape[:place], len(types), *first.shape[place:]))

    def _place(self, x: Type) -> int:
        return new_axis(self.name, x, self.axis)

    def _of_steps(self, x: Type) -> Code:
        axis = axis_over(self.name, x, self.over)
        mask = f", mask={steps_mask(axis, x)}" if is_uneven(x, axis) else ""
        place, last = x.domain.index(axis), len(x.domain) - 1
        value = f"stack_steps($item_0, $length{f', axis={place}' if place != 1 else ''}{mask})"
        return code(value if place == last else f"jnp.moveaxis({value}, {place}, {last})")

    def call_code(self, *types: Type) -> Code:
        if self.over is not None:
            return self._of_steps(types[0])
        whole, place = replace(self.infer(*types), shape=types[0].shape), self._place(types[0])
        items = [_beside(f"item_{i}", each, whole) for i, each in enumerate(types)]
        if _differ(types, whole):
            wide = ", ".join(f"jnp.expand_dims({item}, {place})" for item in items)
            return code(f"join_features({wide}, axis={place})")
        return code(f"jnp.stack([{', '.join(items)}], axis={place})")


def _check_kind(name: str, each: Type, first: Type) -> None:
    if each.dtype != first.dtype:
        raise ShapeError(
            f"`{name}` cannot put {each} beside {first}", "make both floats with `one_hot`"
        )


def _joined(types: tuple[Type, ...], shape: tuple[int, ...]) -> Type:
    """What holds all of these values."""
    bounds = [each.below for each in types]
    below = None if None in bounds else max(bounds)  # type: ignore[type-var]
    domain, presence = join_domains(types)
    return Type(shape, types[0].dtype, below, domain, presence)


def _differ(types: tuple[Type, ...], whole: Type) -> bool:
    """Whether a value lacks an axis of the domain, which jnp.concatenate would refuse."""
    return any(set(each.domain) != set(whole.domain) for each in types)


def _beside(name: str, own: Type, whole: Type) -> str:
    """One of the values; a number without axes, which Python may hold, gets all of them."""
    if own.rank:
        return operand(name, own, whole)
    return f"jnp.full({(1,) * whole.rank}, ${name}, float)"


@dataclass(frozen=True)
class Split(Operation):
    """Parts of a value along an axis, each an output with a name.

    Shapes: [..., n] -> k times [..., n / k], or with `sizes` as long as those say, which together
    are n. After `code: {split: {into: [mean, log_variance]}}` they are `code.mean` and
    `code.log_variance`; `code` alone is the first.
    """

    name = "split"

    into: tuple[str, ...] = primary(Names(), "the names of the parts, in their order")
    sizes: tuple[int, ...] | None = attribute(
        Ints(), "how long each part is; equally long if left out", None
    )
    axis: int = attribute(Int(), "the axis that is split", -1)

    @property
    def ports(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.into

    def infer(self, x: Type) -> dict[str, Type]:
        axis = feature_axis(self.name, x, self.axis)
        place = axis % len(x.shape)
        sizes = zip(self.into, self._lengths(x, axis), strict=True)
        before, after = x.shape[:place], x.shape[place + 1 :]
        return {name: replace(x, shape=(*before, size, *after)) for name, size in sizes}

    def _lengths(self, x: Type, axis: int) -> tuple[int, ...]:
        length, count = x.shape[axis], len(self.into)
        if self.sizes is None and length % count:
            raise ShapeError(
                f"`split` cannot make {count} equal parts of axis {self.axis} of {x}",
                "say how long each is: `sizes: [...]`",
            )
        sizes = self.sizes or (length // count,) * count
        if len(sizes) != count:
            raise ShapeError(f"`split` has {count} parts in `into` and {len(sizes)} `sizes`")
        if sum(sizes) != length:
            raise ShapeError(
                f"the `sizes` of `split` add up to {sum(sizes)}, and axis {self.axis} of {x} has"
                f" length {length}"
            )
        return sizes

    def call_code(self, x: Type) -> Code:
        axis = feature_axis(self.name, x, self.axis)
        sizes = self._lengths(x, axis)
        equal = len(set(sizes)) == 1
        where = len(sizes) if equal else tuple(accumulate(sizes))[:-1]
        return code(f"jnp.split($x, {where}, axis={axis})")


@dataclass(frozen=True)
class Tile(Operation):
    """The value several times over, one copy after another along an axis.

    Shapes: [..., n] -> [..., times * n].
    """

    name = "tile"
    call = code("jnp.tile($x, $copies)")

    times: int = primary(Int(1), "how many copies")
    axis: int = attribute(Int(), "the axis along which they stand", -1)

    def infer(self, x: Type) -> Type:
        shape = list(x.shape)
        shape[feature_axis(self.name, x, self.axis)] *= self.times
        return replace(x, shape=tuple(shape))

    def holes(self, x: Type) -> dict[str, object]:
        axis = feature_axis(self.name, x, self.axis)
        return {"copies": (self.times, *(1,) * (-axis - 1)) if axis < -1 else self.times}


operations.add(Concat, Stack, Split, Tile)
