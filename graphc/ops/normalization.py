"""Normalisation over examples or over features."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Float, Int
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    BatchCoupled,
    Operation,
    ShapeError,
    Standardizes,
    Stateful,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_features
from graphc.ops.initializers import Initial, Initializer, Ones, Zeros


@dataclass(frozen=True)
class _Scaled(Operation):
    """What learned normalisations have in common: each feature is scaled."""

    scale: bool = attribute(Bool(), "whether each feature is multiplied by a learned number", True)
    scale_init: Initializer = attribute(Initial(), "how the scale is drawn", Ones())

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"scale": Weight(x.shape[-1:])} if self.scale else {}

    def flops(self, x: Type) -> int:
        return 8 * x.size


@dataclass(frozen=True)
class _Affine(_Scaled):
    """The same with a learned bias."""

    bias: bool = attribute(Bool(), "whether a learned number is added to each feature", True)
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())

    def weights(self, x: Type) -> dict[str, Weight]:
        bias = {"bias": Weight(x.shape[-1:])} if self.bias else {}
        return super().weights(x) | bias


@dataclass(frozen=True)
class BatchNorm(_Affine):
    """Batch normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n]. While training, mean and variance of each feature are those of the
    batch: over all points of the domain (examples, and steps or nodes) and all axes but the last,
    however many there are; rows that pad the batch do not count. The running statistics become
    `momentum * running + (1 - momentum) * batch`, and evaluation uses them.

    References: Ioffe and Szegedy, "Batch normalization", 2015. The running variance is the biased
    one, as in Flax; the paper and PyTorch take the unbiased one. PyTorch's `momentum` is
    1 - `momentum`.
    """

    name = "batch_norm"
    build = code(
        "BatchNorm($x.features, momentum=$momentum, epsilon=$epsilon, use_bias=$bias,"
        " use_scale=$scale, bias_init=$bias_init, scale_init=$scale_init, rngs=$rngs)",
        momentum=0.99,
        epsilon=1e-5,
        bias=True,
        scale=True,
        bias_init=Zeros(),
        scale_init=Ones(),
    )
    call = code("$self($x, use_running_average=not $train, mask=$mask)")
    traits = (Stateful(("mean", "var")), BatchCoupled(), Standardizes())

    momentum: float = attribute(
        Float(minimum=0, below=1), "the share of the running statistics that a step keeps", 0.9
    )
    epsilon: float = attribute(Float(above=0), "added to the variance", 1e-5)

    def infer(self, x: Type) -> Type:
        if not x.domain:
            raise ShapeError("`batch_norm` needs a batch, but its input is a constant")
        return super().infer(x)

    def weights(self, x: Type) -> dict[str, Weight]:
        statistic = Weight(x.shape[-1:], trainable=False)
        return super().weights(x) | {"mean": statistic, "var": statistic}


@dataclass(frozen=True)
class LayerNorm(_Affine):
    """Layer normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n]; mean and variance are those of the last axis, at each point and
    place alone.

    References: Ba et al., "Layer normalization", 2016.
    """

    name = "layer_norm"
    build = code(
        "nnx.LayerNorm($x.features, epsilon=$epsilon, use_bias=$bias, use_scale=$scale,"
        " bias_init=$bias_init, scale_init=$scale_init, rngs=$rngs)",
        epsilon=1e-6,
        bias=True,
        scale=True,
        bias_init=Zeros(),
        scale_init=Ones(),
    )
    call = code("$self($x)")

    epsilon: float = attribute(Float(above=0), "added to the variance", 1e-6)


@dataclass(frozen=True)
class RmsNorm(_Scaled):
    """Root mean square normalisation: `y = x / sqrt(mean(x ** 2) + epsilon) * scale`.

    Shapes: [..., n] -> [..., n]; the mean is that of the last axis, at each point and place alone.

    References: Zhang and Sennrich, "Root mean square layer normalization", 2019.
    """

    name = "rms_norm"
    build = code(
        "nnx.RMSNorm($x.features, epsilon=$epsilon, use_scale=$scale, scale_init=$scale_init,"
        " rngs=$rngs)",
        epsilon=1e-6,
        scale=True,
        scale_init=Ones(),
    )
    call = code("$self($x)")

    epsilon: float = attribute(Float(above=0), "added to the mean square", 1e-6)


@dataclass(frozen=True)
class _OverPlaces(_Affine):
    """What group and instance normalisation have in common: each point is normalised alone."""

    epsilon: float = attribute(Float(above=0), "added to the variance", 1e-6)

    def call_code(self, x: Type) -> Code:
        # Flax normalises over everything but the first axis.
        return code("$self($x)" if len(x.domain) == 1 else "as_batch($self, $x, $axes)")

    def holes(self, x: Type) -> dict[str, object]:
        return {"axes": len(x.domain)}


@dataclass(frozen=True)
class GroupNorm(_OverPlaces):
    """Group normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n]. The n channels fall into `groups` runs of n / groups neighbours;
    mean and variance are those of one group over all axes of a point's shape. Points (examples, or
    steps and nodes) never meet. One group is layer normalisation over the whole image.

    References: Wu and He, "Group normalization", 2018.
    """

    name = "group_norm"
    build = code(
        "nnx.GroupNorm($x.features, num_groups=$groups, epsilon=$epsilon, use_bias=$bias,"
        " use_scale=$scale, bias_init=$bias_init, scale_init=$scale_init, rngs=$rngs)",
        groups=32,
        epsilon=1e-6,
        bias=True,
        scale=True,
        bias_init=Zeros(),
        scale_init=Ones(),
    )

    groups: int = primary(Int(1), "how many groups the channels fall into", 32)

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        if x.features % self.groups:
            raise ShapeError(
                f"`group_norm` cannot put {x.features} channels into {self.groups} equal groups",
                _divisors_help(x.features),
            )
        if self.groups == x.size:
            raise ShapeError(
                f"each group of `group_norm` would hold a single number of its input {x}, and"
                " always give 0",
                "make `groups` smaller",
            )
        return x.with_shape(x.shape)


def _divisors_help(channels: int) -> str:
    divisors = [str(n) for n in range(1, min(channels, 64) + 1) if channels % n == 0]
    return f"these divide them: {', '.join(divisors)}"


@dataclass(frozen=True)
class InstanceNorm(_OverPlaces):
    """Instance normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n], with at least one axis of places before the channels. Mean and
    variance are those of one channel of one point over all places: group normalisation with a group
    for each channel. Evaluation does the same as training.

    References: Ulyanov et al., "Instance normalization", 2016.
    """

    name = "instance_norm"
    build = code(
        "nnx.InstanceNorm($x.features, epsilon=$epsilon, use_bias=$bias, use_scale=$scale,"
        " bias_init=$bias_init, scale_init=$scale_init, rngs=$rngs)",
        epsilon=1e-6,
        bias=True,
        scale=True,
        bias_init=Zeros(),
        scale_init=Ones(),
    )

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        if x.size == x.features:
            raise ShapeError(
                f"`instance_norm` needs several places for each channel, but its input is {x}",
                "use `layer_norm`",
            )
        return x.with_shape(x.shape)


operations.add(BatchNorm, LayerNorm, RmsNorm, GroupNorm, InstanceNorm)
