"""Functions of one axis, mostly the last: probabilities, gates and maxout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operands import steps_first, steps_mask
from graphc.core.operation import Logits, Operation, Reach, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type, is_uneven
from graphc.ops.checks import feature_axis, need_features, need_floats, points_over


@dataclass(frozen=True)
class _Probabilities(Operation):
    """What softmax and its kin have in common."""

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 4 * x.size


@dataclass(frozen=True)
class _Softmax(_Probabilities):
    """What softmax and its logarithm have in common.

    Attributes:
        of_present: the code over the steps of sequences of different length.
    """

    of_present: ClassVar[str]

    axis: int = attribute(Int(), "the axis along which the probabilities add up to 1", -1)
    over: str | None = attribute(
        Text(),
        "an axis of steps or nodes along which they do, in place of features: `over: time`",
        None,
    )

    def complaint(self) -> str | None:
        if self.over is not None and self.axis != -1:
            return f"`{self.name}` goes over features by `axis`, or over `{self.over}`: not both"
        return None

    def infer(self, x: Type) -> Type:
        if self.over is not None:
            need_floats(self.name, x)
            points_over(self.name, x, self.over)
            return x
        made = super().infer(x)
        feature_axis(self.name, x, self.axis)
        return made

    def reach(self, x: Type) -> Reach | None:
        return None if self.over is None else Reach(points_over(self.name, x, self.over))

    def call_code(self, x: Type) -> Code:
        if self.over is None or not is_uneven(x, axis := points_over(self.name, x, self.over)):
            return self.call
        place = x.domain.index(axis)
        text = self.of_present.replace("$mask", steps_mask(axis))
        text = text.replace("$x", steps_first("$x", place))
        return code(text if place == 1 else f"jnp.moveaxis({text}, 1, {place})")

    def holes(self, x: Type) -> dict[str, object]:
        if self.over is not None:
            axis = points_over(self.name, x, self.over)
            return {"place": 1 if is_uneven(x, axis) else x.domain.index(axis)}
        return {"place": feature_axis(self.name, x, self.axis)}


class Softmax(_Softmax):
    """Probabilities along an axis: `exp(x) / sum(exp(x))`.

    Shapes: any, unchanged. With `over: time` each number has a probability among those of its place
    at all steps of the example, [time, ...] -> [time, ...]; absent steps have probability 0.
    """

    name = "softmax"
    call = code("nnx.softmax($x, axis=$place)", place=-1)
    of_present = "nnx.softmax($x, axis=$place, where=present(some_present($mask), $x))"
    traits = (Logits(),)


class LogSoftmax(_Softmax):
    """The logarithm of `softmax`, without its rounding.

    Shapes: any, unchanged; with `over: time` along the steps of the example. Absent steps are 0,
    for a logarithm of their probability there is not.
    """

    name = "log_softmax"
    call = code("nnx.log_softmax($x, axis=$place)", place=-1)
    of_present = "log_softmax_present($x, $mask)"


class Sparsemax(_Probabilities):
    """Probabilities over the last axis, of which many are 0: [..., n] -> [..., n].

    The point of the probability simplex nearest to x. The losses take logits, not these.

    References: Martins and Astudillo, "From softmax to sparsemax", 2016.
    """

    name = "sparsemax"
    call = code("sparsemax($x)")
    traits = (Logits(),)


@dataclass(frozen=True)
class Maxout(Operation):
    """The largest of `pieces` neighbouring features: [..., n * pieces] -> [..., n].

    After `dense: n * pieces` it is a learned piecewise linear function of n features.

    References: Goodfellow et al., "Maxout networks", 2013.
    """

    name = "maxout"
    call = code("maxout($x, $pieces)")

    pieces: int = primary(Int(2), "how many features become one")

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        if x.features % self.pieces:
            raise ShapeError(
                f"`maxout` cannot make groups of {self.pieces} out of {x.features} features",
                f"give it {_multiple(x.features, self.pieces)} features",
            )
        return x.with_last(x.features // self.pieces)

    def flops(self, x: Type) -> int:
        return x.size


class _Gated(Operation):
    """What gates have in common: they halve the last axis."""

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        if x.features % 2:
            raise ShapeError(
                f"`{self.name}` halves the last axis, but its input is {x}",
                f"give it {_multiple(x.features, 2)} features",
            )
        return x.with_last(x.features // 2)

    def flops(self, x: Type) -> int:
        return 3 * x.size


def _multiple(features: int, of: int) -> int:
    """The next multiple of `of`."""
    return -(-features // of) * of


class Glu(_Gated):
    """The gated linear unit: `first half * sigmoid(second half)`.

    Shapes: [..., 2 n] -> [..., n], the halves of the last axis. The second half is the gate, as in
    the paper, JAX and PyTorch; in `swiglu` and its kin it is the first.

    References: Dauphin et al., "Language modeling with gated convolutional networks", 2017.
    """

    name = "glu"
    call = code("nnx.glu($x)")


class Swiglu(_Gated):
    """A gated unit: `silu(first half) * second half`.

    Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
    `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `silu(x W) * (x V)`.

    References: Shazeer, "GLU variants improve transformer", 2020.
    """

    name = "swiglu"
    call = code("gated(nnx.silu, $x)")


class Geglu(_Gated):
    """A gated unit: `gelu(first half) * second half`.

    Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
    `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `gelu(x W) * (x V)`.

    References: Shazeer, "GLU variants improve transformer", 2020.
    """

    name = "geglu"
    call = code("gated(nnx.gelu, $x)")


class Reglu(_Gated):
    """A gated unit: `relu(first half) * second half`.

    Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
    `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `relu(x W) * (x V)`.

    References: Shazeer, "GLU variants improve transformer", 2020.
    """

    name = "reglu"
    call = code("gated(nnx.relu, $x)")


operations.add(Softmax, LogSoftmax, Sparsemax, Maxout, Glu, Swiglu, Geglu, Reglu)
