"""Fully connected layers."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Declared, Either, Int, Name, Named
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    Contracts,
    Elementwise,
    Linear,
    MultipliesSparse,
    Multiplying,
    Operation,
    ShapeError,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import feature_axis
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros
from graphc.ops.kernels import changing_kernel


@changing_kernel
@dataclass(frozen=True)
class Dense(Multiplying):
    """A fully connected layer: `y = activation(x @ kernel + bias)`.

    Shapes: [n] -> [features]; the kernel is [n, features]. With `axis` it is applied along that
    axis at every place of the others: [..., n] -> [..., features] for -1, and for -2, as in the
    token mixing of MLP-Mixer, [n, c] -> [features, c].

    `kernel: token.table` takes the kernel from elsewhere, and `bias: NAME` the bias.

    References: for kernels that are embeddings, Press and Wolf, "Using the output embedding to
    improve language models", 2017.
    """

    name = "dense"
    build = code(
        "nnx.Linear($in_features, $features, use_bias=$bias, kernel_init=$kernel_init,"
        " bias_init=$bias_init, dot_general=$dot_general, rngs=$rngs)",
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )
    sparse_build = code(build.text.replace("nnx.Linear", "SparseLinear"), **build.defaults)
    call = code("$self($x)")
    traits = (
        Linear(own=(*Linear.own, "axis")),
        Contracts("dot_general"),
        MultipliesSparse(),
    )

    features: int = primary(Int(1), "how many numbers come out")
    activation: Operation | None = attribute(
        Declared(operations, Elementwise), "applied to the result", None
    )
    bias: bool | Name = attribute(
        Either((Bool(), Named())),
        "whether a learned number is added to each feature, or the value that is",
        True,
    )
    kernel: Name | None = attribute(Named(), "a value to take in place of a learned kernel", None)
    transpose: bool = attribute(
        Bool(), "whether the kernel that it is given is [features, n]", False
    )
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())
    axis: int | None = attribute(
        Int(), "the axis that becomes `features`, where the input has several", None
    )

    def infer(self, x: Type) -> Type:
        if x.dtype != "float":
            raise ShapeError(
                f"`dense` needs floats, but its input is {x}", "use `embed` or `one_hot`"
            )
        if len(x.shape) != 1 and self.axis is None:
            raise ShapeError(
                f"`dense` needs [features], but its input has shape {x}", _flatten_help(x)
            )
        if self.transpose:
            help = "leave it out, or name a value: `kernel: token.table`"
            raise ShapeError("`transpose` turns the kernel that `dense` is given: none is", help)
        shape = list(x.shape)
        shape[self._axis(x)] = self.features
        return x.with_shape(shape)

    def _axis(self, x: Type) -> int:
        return feature_axis(self.name, x, -1 if self.axis is None else self.axis)

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = {"kernel": Weight((x.shape[self._axis(x)], self.features))}
        return kernel | ({"bias": Weight((self.features,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        each = 2 * x.shape[self._axis(x)] + (1 if self.bias else 0)
        return each * self.infer(x).size

    def build_code(self, x: Type) -> Code:
        return self.sparse_build if x.sparse else self.build

    def call_code(self, x: Type) -> Code:
        return code(self._along(x, "$self({})"))

    def pure_code(self, x: Type) -> Code:
        bias = ", $bias" if self.bias else ""
        return code(self._along(x, f"linear({{}}, $kernel{bias}, dot_general=$dot_general)"))

    def _along(self, x: Type, product: str) -> str:
        """The product over the axis, which `product` takes as the last one of what fills its {}."""
        axis = self._axis(x)
        if axis == -1:
            return product.format("$x")
        turned = product.format(f"jnp.swapaxes($x, {axis}, -1)")
        return f"jnp.swapaxes({turned}, {axis}, -1)"

    def holes(self, x: Type) -> dict[str, object]:
        return {"in_features": x.shape[self._axis(x)]}


def _flatten_help(x: Type) -> str:
    if not x.shape:
        return "give it at least one feature"
    return "put `flatten` before it, or apply it along the last axis alone with `axis: -1`"


operations.add(Dense)
