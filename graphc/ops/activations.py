"""Functions of one value."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Float
from graphc.core.code import code
from graphc.core.declaration import primary
from graphc.core.operation import Elementwise, Logits, Operation
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_features, need_floats


class Activation(Operation):
    """The base of functions of each number alone; shapes are unchanged."""

    traits = (Elementwise(),)

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return x.size


def _plain(word: str, text: str, call: str, *traits: object) -> type[Activation]:
    """An activation without attributes."""
    body = {"name": word, "__doc__": text, "call": code(call), "traits": (Elementwise(), *traits)}
    return type(word.title(), (Activation,), body)


Relu = _plain("relu", "The positive part: `max(x, 0)`.", "nnx.relu($x)")
Sigmoid = _plain(
    "sigmoid", "The logistic function: `1 / (1 + exp(-x))`.", "nnx.sigmoid($x)", Logits()
)
Tanh = _plain("tanh", "The hyperbolic tangent.", "nnx.tanh($x)")
Silu = _plain("silu", "`x * sigmoid(x)` (Elfwing et al. 2018).", "nnx.silu($x)")
Softplus = _plain("softplus", "`log(1 + exp(x))`.", "nnx.softplus($x)")
Exp = _plain("exp", "The exponential.", "jnp.exp($x)")
Log = _plain("log", "The natural logarithm.", "jnp.log($x)")
Sqrt = _plain("sqrt", "The square root.", "jnp.sqrt($x)")
Square = _plain("square", "`x * x`.", "jnp.square($x)")
Abs = _plain("abs", "The absolute value.", "jnp.abs($x)")


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """`x` where it is positive, `negative_slope * x` elsewhere (Maas et al. 2013)."""

    name = "leaky_relu"
    call = code("nnx.leaky_relu($x, negative_slope=$negative_slope)", negative_slope=0.01)
    negative_slope: float = primary(Float(minimum=0), "the slope below zero", 0.01)


@dataclass(frozen=True)
class Elu(Activation):
    """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al. 2016)."""

    name = "elu"
    call = code("nnx.elu($x, alpha=$alpha)", alpha=1.0)
    alpha: float = primary(Float(above=0), "minus the limit far below zero", 1.0)


@dataclass(frozen=True)
class Gelu(Activation):
    """`x` times the probability that a standard normal is below x (Hendrycks and Gimpel 2016)."""

    name = "gelu"
    call = code("nnx.gelu($x, approximate=$approximate)", approximate=True)
    approximate: bool = primary(Bool(), "whether tanh stands in for the normal distribution", True)


@dataclass(frozen=True)
class _OverFeatures(Operation):
    """What softmax and its logarithm have in common."""

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return 4 * x.size


class Softmax(_OverFeatures):
    """Probabilities over the last axis: `exp(x) / sum(exp(x))`; [..., n] -> [..., n]."""

    name = "softmax"
    call = code("nnx.softmax($x)")
    traits = (Logits(),)


class LogSoftmax(_OverFeatures):
    """The logarithm of `softmax`, without its rounding: [..., n] -> [..., n]."""

    name = "log_softmax"
    call = code("nnx.log_softmax($x)")


operations.add(Relu, Sigmoid, Tanh, Silu, Softplus, Exp, Log, Sqrt, Square, Abs)
operations.add(LeakyRelu, Elu, Gelu, Softmax, LogSoftmax)
