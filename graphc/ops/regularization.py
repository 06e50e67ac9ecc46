"""Regularisation by noise."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Float
from graphc.core.code import code
from graphc.core.declaration import primary
from graphc.core.operation import Operation, Stochastic
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats


@dataclass(frozen=True)
class Dropout(Operation):
    """While training, each number is zero with probability `rate`, and else divided by `1 - rate`.

    Shapes: any, unchanged. The random key is an argument of the call, never state: the same key
    drops the same numbers in rolled, scanned and resumed runs.

    References: Srivastava et al., "Dropout", 2014.
    """

    name = "dropout"
    build = code("nnx.Dropout($rate)")
    call = code("$self($x, deterministic=not $train, rngs=$key)")
    traits = (Stochastic(),)

    rate: float = primary(Float(minimum=0, below=1), "the probability of zero")

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 2 * x.size


operations.add(Dropout)
