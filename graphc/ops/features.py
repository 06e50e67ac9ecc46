"""Functions of the last axis: probabilities, gates and maxout."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Int
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Logits, Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import feature_axis, need_features


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
    """What softmax and its logarithm have in common."""

    axis: int = attribute(Int(), "the axis along which the probabilities add up to 1", -1)

    def infer(self, x: Type) -> Type:
        made = super().infer(x)
        feature_axis(self.name, x, self.axis)
        return made

    def holes(self, x: Type) -> dict[str, object]:
        return {"place": feature_axis(self.name, x, self.axis)}


class Softmax(_Softmax):
    """Probabilities along an axis: `exp(x) / sum(exp(x))`.

    Shapes: any, unchanged.
    """

    name = "softmax"
    call = code("nnx.softmax($x, axis=$place)", place=-1)
    traits = (Logits(),)


class LogSoftmax(_Softmax):
    """The logarithm of `softmax`, without its rounding.

    Shapes: any, unchanged.
    """

    name = "log_softmax"
    call = code("nnx.log_softmax($x, axis=$place)", place=-1)


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
