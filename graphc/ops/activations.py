"""Activations: functions of each number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from graphc.core.attributes import Bool, Float
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Logits, Operation, TanhLike, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops import elementwise
from graphc.ops.checks import need_features
from graphc.ops.elementwise import OfEachNumber
from graphc.ops.initializers import Constant, Initial, Initializer

plain = partial(elementwise.plain, __name__)

Relu = plain("relu", "The positive part: `max(x, 0)`.", "nnx.relu($x)")
Relu6 = plain("relu6", "`min(max(x, 0), 6)` (Krizhevsky 2010).", "nnx.relu6($x)")
Sigmoid = plain(
    "sigmoid",
    "The logistic function: `1 / (1 + exp(-x))`.",
    "nnx.sigmoid($x)",
    Logits(),
    TanhLike(0.5),
    also=("logistic",),
)
LogSigmoid = plain(
    "log_sigmoid", "The logarithm of `sigmoid`, without its rounding.", "nnx.log_sigmoid($x)"
)
HardSigmoid = plain("hard_sigmoid", "`min(max(x / 6 + 1 / 2, 0), 1)`.", "nnx.hard_sigmoid($x)")
Tanh = plain("tanh", "The hyperbolic tangent.", "nnx.tanh($x)", TanhLike(1.0))
HardTanh = plain("hard_tanh", "`min(max(x, -1), 1)` (Collobert 2004).", "nnx.hard_tanh($x)")
TanhShrink = plain("tanh_shrink", "`x - tanh(x)`.", "tanh_shrink($x)")
Silu = plain(
    "silu",
    "`x * sigmoid(x)`, which others call swish (Elfwing et al. 2018).",
    "nnx.silu($x)",
    also=("swish",),
)
HardSilu = plain(
    "hard_silu",
    "`x * hard_sigmoid(x)`, which others call hard swish (Howard et al. 2019).",
    "nnx.hard_silu($x)",
    also=("hard_swish", "hardswish"),
)
Mish = plain("mish", "`x * tanh(softplus(x))` (Misra 2020).", "jax.nn.mish($x)")
Selu = plain(
    "selu",
    "`1.0507 x` where it is positive, `1.7581 (exp(x) - 1)` elsewhere (Klambauer et al. 2017).",
    "nnx.selu($x)",
)
Softplus = plain("softplus", "`log(1 + exp(x))` (Dugas et al. 2001).", "nnx.softplus($x)")
Softsign = plain("softsign", "`x / (1 + abs(x))`.", "nnx.soft_sign($x)", also=("soft_sign",))


@dataclass(frozen=True)
class LeakyRelu(OfEachNumber):
    """`x` where it is positive, `negative_slope * x` elsewhere (Maas et al. 2013)."""

    name = "leaky_relu"
    call = code("nnx.leaky_relu($x, negative_slope=$negative_slope)", negative_slope=0.01)
    negative_slope: float = primary(Float(minimum=0), "the slope below zero", 0.01)


@dataclass(frozen=True)
class Elu(OfEachNumber):
    """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al. 2016)."""

    name = "elu"
    call = code("nnx.elu($x, alpha=$alpha)", alpha=1.0)
    alpha: float = primary(Float(above=0), "minus the limit far below zero", 1.0)


@dataclass(frozen=True)
class Celu(OfEachNumber):
    """`x` where it is positive, `alpha * (exp(x / alpha) - 1)` elsewhere (Barron 2017)."""

    name = "celu"
    call = code("nnx.celu($x, alpha=$alpha)", alpha=1.0)
    alpha: float = primary(Float(above=0), "minus the limit far below zero", 1.0)


@dataclass(frozen=True)
class Gelu(OfEachNumber):
    """`x` times the probability that a standard normal is below x (Hendrycks and Gimpel 2016)."""

    name = "gelu"
    call = code("nnx.gelu($x, approximate=$approximate)", approximate=True)
    approximate: bool = primary(Bool(), "whether tanh stands in for the normal distribution", True)


@dataclass(frozen=True)
class Squareplus(OfEachNumber):
    """`(x + sqrt(x * x + b)) / 2`, a `softplus` without exponentials (Barron 2021)."""

    name = "squareplus"
    call = code("jax.nn.squareplus($x, b=$b)", b=4.0)
    b: float = primary(Float(minimum=0), "how smooth it is around zero; 0 gives `relu`", 4.0)


@dataclass(frozen=True)
class SoftShrink(OfEachNumber):
    """`x` brought towards zero by `threshold`, and zero nearer to it (Donoho 1995)."""

    name = "soft_shrink"
    call = code("soft_shrink($x, threshold=$threshold)", threshold=0.5)
    threshold: float = primary(Float(minimum=0), "how far from zero numbers vanish", 0.5)


@dataclass(frozen=True)
class HardShrink(OfEachNumber):
    """`x` where it is further from zero than `threshold`, and zero elsewhere (Donoho 1995)."""

    name = "hard_shrink"
    call = code("hard_shrink($x, threshold=$threshold)", threshold=0.5)
    threshold: float = primary(Float(minimum=0), "how far from zero numbers vanish", 0.5)


@dataclass(frozen=True)
class Prelu(Operation):
    """`x` where it is positive, `slope * x` elsewhere, with a learned slope for each channel.

    Shapes: [..., n], unchanged; the slope is [n], or [1] where it is shared. Having weights it is a
    step of its own, and no `activation`.

    References: He et al., "Delving deep into rectifiers", 2015.
    """

    name = "prelu"
    build = code("Prelu($slopes, slope_init=$slope_init, rngs=$rngs)")
    call = code("$self($x)")

    shared: bool = attribute(Bool(), "whether one slope serves all channels", False)
    slope_init: Initializer = attribute(Initial(), "how the slopes are drawn", Constant(0.25))

    def infer(self, x: Type) -> Type:
        need_features(self.name, x)
        return x.with_shape(x.shape)

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"slope": Weight((self._slopes(x),))}

    def flops(self, x: Type) -> int:
        return 2 * x.size

    def holes(self, x: Type) -> dict[str, object]:
        return {"slopes": self._slopes(x)}

    def _slopes(self, x: Type) -> int:
        return 1 if self.shared else x.features


operations.add(Relu, Relu6, Sigmoid, LogSigmoid, HardSigmoid, Tanh, HardTanh, TanhShrink)
operations.add(Silu, HardSilu, Mish, Selu, Softplus, Softsign)
operations.add(LeakyRelu, Elu, Celu, Gelu, Squareplus, SoftShrink, HardShrink, Prelu)
