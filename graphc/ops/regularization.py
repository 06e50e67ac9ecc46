"""Regularisation by noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Float
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operation import KeepsZeros, Noise, Operation, ShapeError, Stochastic
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats

RATE = Float(minimum=0, below=1)


@dataclass(frozen=True)
class _Noise(Operation):
    """What noise has in common: shapes are unchanged, and in evaluation so is the value."""

    traits = (Stochastic(), Noise())

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        if not x.rank:
            raise ShapeError(f"`{self.name}` needs an array, but its input is a single number")
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 2 * x.size


@dataclass(frozen=True)
class Dropout(_Noise):
    """While training, each number is zero with probability `rate`, and else divided by `1 - rate`.

    Shapes: any, unchanged. The random key is an argument of the call, never state: the same key
    drops the same numbers in rolled, scanned and resumed runs. 16 random bits decide of each
    number, so `rate` counts to the nearest of 65,536.

    References: Srivastava et al., "Dropout", 2014.
    """

    name = "dropout"
    build = code("Dropout($rate)")
    call = code("$self($x, deterministic=not $train, rngs=$key)")
    traits = (*_Noise.traits, KeepsZeros())

    rate: float = primary(RATE, "the probability of zero")

    def infer(self, x: Type) -> Type:
        return replace(super().infer(x), sparse=x.sparse)

    def call_code(self, x: Type) -> Code:
        return self.sparse_call if x.sparse else self.call

    sparse_call = code("of_values($self, $x, deterministic=not $train, rngs=$key)")


@dataclass(frozen=True)
class SpatialDropout(_Noise):
    """While training, each channel is zero at all places with probability `rate`.

    Shapes: [..., n], unchanged, with at least one axis of places before the channels. Channels that
    stay are divided by `1 - rate`.

    References: Tompson et al., "Efficient object localization using convolutional networks", 2015.
    """

    name = "spatial_dropout"
    build = code("nnx.Dropout($rate, broadcast_dims=$places)")
    call = Dropout.call

    rate: float = primary(RATE, "the probability that a channel is zero")

    def infer(self, x: Type) -> Type:
        result = super().infer(x)
        if len(x.shape) < 2:
            raise ShapeError(
                f"`spatial_dropout` needs places and channels, but its input has shape {x}",
                "use `dropout`",
            )
        return result

    def holes(self, x: Type) -> dict[str, object]:
        return {"places": tuple(range(-len(x.shape), -1))}


@dataclass(frozen=True)
class DropPath(_Noise):
    """While training, the whole value of an example is zero with probability `rate`.

    Shapes: any, unchanged. Values that stay are divided by `1 - rate`. At the end of the body of a
    `residual` this is stochastic depth: examples skip the layer at random.

    References: Huang et al., "Deep networks with stochastic depth", 2016, whose survival
    probability is 1 - `rate`; the paper draws once for a batch and multiplies in evaluation.
    """

    name = "drop_path"
    build = code("nnx.Dropout($rate, broadcast_dims=$others)", others=())
    call = Dropout.call

    rate: float = primary(RATE, "the probability that an example's value is zero")

    def holes(self, x: Type) -> dict[str, object]:
        return {"others": tuple(range(min(1, len(x.domain)), x.rank))}


@dataclass(frozen=True)
class GaussianNoise(_Noise):
    """While training, a normal random number is added to each number.

    Shapes: any, unchanged.

    References: Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995.
    """

    name = "gaussian_noise"
    call = code("gaussian_noise($x, $stddev, train=$train, key=$key)")

    stddev: float = primary(Float(minimum=0), "standard deviation of the noise")


@dataclass(frozen=True)
class GaussianDropout(_Noise):
    """While training, each number is multiplied by a normal one with mean 1.

    Shapes: any, unchanged. The variance, rate / (1 - rate), is that of `dropout`.

    References: Srivastava et al., "Dropout", 2014, section 10.
    """

    name = "gaussian_dropout"
    call = code("gaussian_dropout($x, $rate, train=$train, key=$key)")

    rate: float = primary(RATE, "the rate of the dropout with this variance")


@dataclass(frozen=True)
class AlphaDropout(_Noise):
    """Dropout for `selu`: mean and variance of standardised numbers stay 0 and 1.

    Shapes: any, unchanged. While training, each number is -1.7581, the limit of selu far below
    zero, with probability `rate`; all are then scaled and shifted.

    References: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    name = "alpha_dropout"
    call = code("alpha_dropout($x, $rate, train=$train, key=$key)")

    rate: float = primary(RATE, "the probability of the lower limit")


operations.add(Dropout, SpatialDropout, DropPath)
operations.add(GaussianNoise, GaussianDropout, AlphaDropout)
