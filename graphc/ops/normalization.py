"""Normalisation over examples or over features."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Float
from graphc.core.code import code
from graphc.core.declaration import attribute
from graphc.core.operation import BatchCoupled, Operation, ShapeError, Stateful, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_features
from graphc.ops.initializers import Initial, Initializer, Ones, Zeros


@dataclass(frozen=True)
class _Norm(Operation):
    """What normalisations have in common: the learned scale and bias."""

    scale: bool = attribute(Bool(), "whether each feature is multiplied by a learned number", True)
    bias: bool = attribute(Bool(), "whether a learned number is added to each feature", True)
    scale_init: Initializer = attribute(Initial(), "how the scale is drawn", Ones())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def weights(self, x: Type) -> dict[str, Weight]:
        present = {"scale": self.scale, "bias": self.bias}
        return {name: Weight(x.shape[-1:]) for name, there in present.items() if there}

    def flops(self, x: Type) -> int:
        return 8 * x.size


@dataclass(frozen=True)
class BatchNorm(_Norm):
    """Batch normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n]. While training, mean and variance of each feature are those of the
    batch: over all points of the domain (examples, and steps or nodes) and all axes but the last;
    rows that pad the batch do not count. The running statistics become
    `momentum * running + (1 - momentum) * batch`, and evaluation uses them.

    References: Ioffe and Szegedy, "Batch normalization", 2015. The running variance is the biased
    one, as in Flax; the paper and PyTorch take the unbiased one.
    """

    name = "batch_norm"
    build = code(
        "nnx.BatchNorm($x.features, momentum=$momentum, epsilon=$epsilon, use_bias=$bias,"
        " use_scale=$scale, bias_init=$bias_init, scale_init=$scale_init, rngs=$rngs)",
        momentum=0.99,
        epsilon=1e-5,
        bias=True,
        scale=True,
        bias_init=Zeros(),
        scale_init=Ones(),
    )
    call = code("$self($x, use_running_average=not $train, mask=present($mask, $x))")
    traits = (Stateful(("mean", "var")), BatchCoupled())

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
class LayerNorm(_Norm):
    """Layer normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

    Shapes: [..., n] -> [..., n]; mean and variance are those of the last axis, at each point alone.

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


operations.add(BatchNorm, LayerNorm)
