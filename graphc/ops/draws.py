"""Random values: what training draws anew for each example in each step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Float, Ints
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Draws, Input, Operation, Stochastic, StopsGradient
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats


@dataclass(frozen=True)
class _Draw(Operation):
    """What random values have in common: a shape, or that of a value that they are like.

    Attributes:
        sample: the code over `SHAPE`, the shape of the array.
    """

    inputs = (Input("like", help="a value whose points each get a draw"),)
    traits = (Draws(), Stochastic())
    sample = ""

    shape: tuple[int, ...] | None = primary(
        Ints(minimum=1), "the shape; default: that of the value it is like", None
    )

    def infer(self, like: Type) -> Type:
        shape = like.shape if self.shape is None else self.shape
        return replace(like, sparse=False).with_shape(shape)

    def call_code(self, like: Type) -> Code:
        return code(self.sample.replace("SHAPE", self._shape(like)))

    def _shape(self, like: Type) -> str:
        if self.shape is None:
            return "$like.shape"
        points = len(like.domain)
        if not points:
            return str(self.shape)
        first = f"*$like.shape[:{points}]" if points > 1 else "len($like)"
        return f"({first}, {', '.join(map(str, self.shape))})" if self.shape else f"({first},)"

    def flops(self, like: Type) -> int:
        return self.infer(like).size


@dataclass(frozen=True)
class NormalDraw(_Draw):
    """Random numbers from a normal distribution, `mean + stddev * e`.

    Shapes: any -> `shape`, or the same. One draw for each point of the value that it is like; in
    `train` that is each example where none is named. The key is that of the step and the name.
    """

    name = "normal"
    also = ("gaussian", "randn")
    sample = "$mean + $stddev * jax.random.normal($key, SHAPE)"

    mean: float = attribute(Float(), "the mean", 0.0)
    stddev: float = attribute(Float(minimum=0), "the standard deviation", 1.0)

    def call_code(self, like: Type) -> Code:
        text = f"jax.random.normal($key, {self._shape(like)})"
        text = text if self.stddev == 1 else f"$stddev * {text}"
        return code(text if self.mean == 0 else f"$mean + {text}")


@dataclass(frozen=True)
class UniformDraw(_Draw):
    """Random numbers that are equally likely between `low` and `high`.

    Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.
    """

    name = "uniform"
    also = ("rand",)

    low: float = attribute(Float(), "the least number", 0.0)
    high: float = attribute(Float(), "the number that all are below", 1.0)

    def complaint(self) -> str | None:
        if self.low < self.high:
            return None
        return f"`uniform` needs `low` below `high`, and they are {self.low:g} and {self.high:g}"

    def call_code(self, like: Type) -> Code:
        bounds = "" if (self.low, self.high) == (0, 1) else ", minval=$low, maxval=$high"
        return code(f"jax.random.uniform($key, {self._shape(like)}{bounds})")


@dataclass(frozen=True)
class BernoulliDraw(_Draw):
    """Random zeros and ones: 1 with the probability `p`.

    Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.
    """

    name = "bernoulli"
    sample = "jax.random.bernoulli($key, $p, SHAPE).astype(jnp.float32)"

    p: float = attribute(Float(minimum=0, maximum=1), "the probability of 1", 0.5)


@dataclass(frozen=True)
class GumbelDraw(_Draw):
    """Random numbers from the Gumbel distribution, `-log(-log(u))` with u uniform.

    Added to logits they make the largest a sample of the classes.

    Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.

    References: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017.
    """

    name = "gumbel"
    sample = "jax.random.gumbel($key, SHAPE)"


@dataclass(frozen=True)
class StopGradient(Operation):
    """The same value, through which no gradient flows.

    Shapes: any, unchanged.
    """

    name = "stop_gradient"
    also = ("detach",)
    call = code("jax.lax.stop_gradient($x)")
    traits = (StopsGradient(),)

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        return replace(x, sparse=False)


operations.add(NormalDraw, UniformDraw, BernoulliDraw, GumbelDraw, StopGradient)
