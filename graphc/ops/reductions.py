"""Reductions: many features become one number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from graphc.core.attributes import Bool, Either, Int, Ints, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operands import steps_first, steps_mask
from graphc.core.operation import ChangesDomain, Operation, Reduces, ShapeError
from graphc.core.registry import operations
from graphc.core.types import EDGES, Type, is_uneven, without
from graphc.ops.checks import feature_axis, need_features, summed_over

AXES = Either((Int(), Ints(minimum=None)))


@dataclass(frozen=True)
class Reduction(Operation):
    """What reductions have in common: some feature axes, or all, become one number.

    Attributes:
        of_present: the code over the steps of sequences of different length.
    """

    of_present: ClassVar[str]

    axis: int | tuple[int, ...] | None = primary(
        AXES, "the axis, or the axes, that become one number; all if left out", None
    )
    keep: bool = attribute(Bool(), "whether they stay, with a length of 1", False)
    over: str | None = attribute(
        Text(),
        "an axis of steps, nodes or edges that becomes one number, not features: `over: time`",
        None,
    )

    def complaint(self) -> str | None:
        if self.over is not None and (self.axis is not None or self.keep):
            return f"`{self.name}` goes over features by `axis`, or over `{self.over}`: not both"
        return None

    def infer(self, x: Type) -> Type:
        if self.over is not None:
            return without(x, summed_over(self.name, x, self.over))
        need_features(self.name, x)
        gone = self._axes(x)
        sizes = zip(range(-len(x.shape), 0), x.shape, strict=True)
        kept = [(1 if axis in gone else n) for axis, n in sizes if self.keep or axis not in gone]
        return x.with_shape(kept)

    def _axes(self, x: Type) -> tuple[int, ...]:
        if self.over is not None:
            return (x.domain.index(summed_over(self.name, x, self.over)),)
        if self.axis is None:
            return tuple(range(-len(x.shape), 0))
        several = (self.axis,) if isinstance(self.axis, int) else self.axis
        axes = tuple(feature_axis(self.name, x, axis) for axis in several)
        if not axes or len(set(axes)) < len(axes):
            what = "an axis twice" if axes else "no axis"
            raise ShapeError(f"`{self.name}` is given {what}: {list(several)}")
        return axes

    def call_code(self, x: Type) -> Code:
        if not self._is_masked(x):
            return self.call
        (place,) = self._axes(x)
        axis = summed_over(self.name, x, self.over)
        text = self.of_present.replace("$mask", steps_mask(axis))
        if axis == EDGES:  # of a graph there may be none
            text = f"over_edges({steps_mask(axis)}, {text})"
        return code(text.replace("$x", steps_first("$x", place)))

    def _is_masked(self, x: Type) -> bool:
        if self.over is None:
            return False
        axis = summed_over(self.name, x, self.over)
        return axis == EDGES or is_uneven(x, axis)

    def flops(self, x: Type) -> int:
        return x.size

    def holes(self, x: Type) -> dict[str, object]:
        axes = (1,) if self._is_masked(x) else self._axes(x)
        return {"axes": axes[0] if len(axes) == 1 else axes}


def features_axes(x: Type) -> int | tuple[int, ...]:
    """The feature axes of an array of this type, for the keyword `axis`."""
    return -1 if len(x.shape) == 1 else tuple(range(-len(x.shape), 0))


def _reduction(word: str, text: str, call: str, between: str | None = None) -> type[Reduction]:
    """A reduction: its name, its text, and the expression with `AXES` for the keywords."""
    masked = call.replace("AXES", "axis=$axes, where=present(some_present($mask), $x)")
    if word in ("max", "min"):  # jax would want a value for no steps at all
        masked = call.replace("AXES", "axis=$axes")
        masked = masked.replace("$x", "where_present($mask, $x, $x[:, :1])")
    call = call.replace("AXES", "axis=$axes, keepdims=$keep")
    shapes = "Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too."
    body = {"name": word, "__doc__": f"{text}\n\n{shapes}", "call": code(call, keep=False)}
    body |= {"of_present": masked}
    traits = (Reduces(between), ChangesDomain("over"))
    return type(word.title(), (Reduction,), body | {"traits": traits})


Mean = _reduction("mean", "The mean over the features of a point.", "jnp.mean($x, AXES)")
Sum = _reduction("sum", "The sum over the features of a point.", "jnp.sum($x, AXES)", "add")
Prod = _reduction(
    "prod", "The product over the features of a point.", "jnp.prod($x, AXES)", "multiply"
)
Max = _reduction("max", "The largest feature of a point.", "jnp.max($x, AXES)", "maximum")
Min = _reduction("min", "The smallest feature of a point.", "jnp.min($x, AXES)", "minimum")
Variance = _reduction(
    "variance",
    "The variance over the features of a point: `mean((x - mean(x)) ** 2)`.",
    "jnp.var($x, AXES)",
)
Std = _reduction(
    "std",
    "The standard deviation over the features of a point, the root of `variance`.",
    "safe_sqrt(jnp.var($x, AXES))",
)
Norm = _reduction(
    "norm",
    "The Euclidean length of the features of a point: `sqrt(sum(x ** 2))`.",
    "safe_sqrt(jnp.sum(jnp.square($x), AXES))",
)


@dataclass(frozen=True)
class _Place(Operation):
    """What finds a place along an axis."""

    axis: int = primary(Int(), "the axis whose places are counted, from 0", -1)

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        shape = list(x.shape)
        length = shape.pop(feature_axis(self.name, x, self.axis))
        return replace(x, shape=tuple(shape), dtype="int", below=length)

    def flops(self, x: Type) -> int:
        return x.size

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


class Argmax(_Place):
    """The place of the largest number along an axis: [..., n] -> int [...] below n."""

    name = "argmax"
    call = code("jnp.argmax($x, axis=$place)")


class Argmin(_Place):
    """The place of the smallest number along an axis: [..., n] -> int [...] below n."""

    name = "argmin"
    call = code("jnp.argmin($x, axis=$place)")


@dataclass(frozen=True)
class CumulativeSum(Operation):
    """The sum of each entry of an axis and all before it.

    Shapes: any, unchanged.
    """

    name = "cumulative_sum"
    call = code("jnp.cumsum($x, axis=$place)")

    axis: int = primary(Int(), "the axis along which the sum grows", -1)

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        feature_axis(self.name, x, self.axis)
        return x

    def flops(self, x: Type) -> int:
        return x.size

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


operations.add(Mean, Sum, Prod, Max, Min, Variance, Std, Norm, Argmax, Argmin, CumulativeSum)
