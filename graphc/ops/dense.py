"""Fully connected layers."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Declared, Int
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Contracts, Elementwise, Linear, Operation, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros


@dataclass(frozen=True)
class Dense(Operation):
    """A fully connected layer: `y = activation(x @ kernel + bias)`.

    Shapes: [n] -> [features]; the kernel is [n, features].
    """

    name = "dense"
    build = code(
        "nnx.Linear($x.features, $features, use_bias=$bias, kernel_init=$kernel_init,"
        " bias_init=$bias_init, rngs=$rngs)",
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )
    call = code("$self($x)")
    traits = (Linear(), Contracts("dot_general"))

    features: int = primary(Int(1), "how many numbers come out")
    activation: Operation | None = attribute(
        Declared(operations, Elementwise), "applied to the result", None
    )
    bias: bool = attribute(Bool(), "whether a learned number is added to each feature", True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())

    def infer(self, x: Type) -> Type:
        if x.dtype != "float":
            raise ShapeError(
                f"`dense` needs floats, but its input is {x}", "use `embed` or `one_hot`"
            )
        if len(x.shape) != 1:
            raise ShapeError(
                f"`dense` needs [features], but its input has shape {x}", _flatten_help(x)
            )
        return x.with_last(self.features)

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = {"kernel": Weight((x.features, self.features))}
        return kernel | ({"bias": Weight((self.features,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        return 2 * x.features * self.features + (self.features if self.bias else 0)


def _flatten_help(x: Type) -> str:
    return "put `flatten` before it" if x.shape else "give it at least one feature"


operations.add(Dense)
