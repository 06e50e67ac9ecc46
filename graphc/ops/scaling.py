"""Normalisation without weights."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Float, Int
from graphc.core.code import code
from graphc.core.declaration import attribute
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_features


@dataclass(frozen=True)
class L2Normalize(Operation):
    """Features of length one: `y = x / sqrt(max(sum(x ** 2), epsilon))`.

    Shapes: [..., n] -> [..., n]; the sum is that of the last axis. Where all features are 0, so are
    the result and its gradient is finite.
    """

    name = "l2_normalize"
    call = code("l2_normalize($x, epsilon=$epsilon)", epsilon=1e-12)

    epsilon: float = attribute(Float(above=0), "the least that the sum counts as", 1e-12)

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 3 * x.size


@dataclass(frozen=True)
class LocalResponseNorm(Operation):
    """Competition among channels: `y = x / (k + alpha * sum(near ** 2)) ** beta`.

    Shapes: [..., n] -> [..., n]. `near` are the channels at most `radius` away at the same place,
    the channel itself included; where the channels end, there are fewer.

    The defaults are the paper's, whose n is 2 * `radius` + 1. PyTorch's `size` is
    2 * `radius` + 1 too, but it takes the mean in place of the sum: its `alpha` is
    `alpha` * `size`.

    References: Krizhevsky et al., "ImageNet classification with deep convolutional neural
    networks", 2012.
    """

    name = "local_response_norm"
    call = code(
        "local_response_norm($x, radius=$radius, k=$k, alpha=$alpha, beta=$beta)",
        radius=2,
        k=2.0,
        alpha=1e-4,
        beta=0.75,
    )

    radius: int = attribute(Int(0), "how many channels count on each side", 2)
    k: float = attribute(Float(above=0), "added to the sum", 2.0)
    alpha: float = attribute(Float(minimum=0), "the weight of the sum", 1e-4)
    beta: float = attribute(Float(minimum=0), "the power of the divisor", 0.75)

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return (2 * min(self.radius, x.features - 1) + 6) * x.size


operations.add(L2Normalize, LocalResponseNorm)
