"""Elementary functions of each number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from graphc.core.attributes import Float
from graphc.core.code import code
from graphc.core.declaration import attribute
from graphc.core.registry import operations
from graphc.ops import elementwise
from graphc.ops.elementwise import OfEachNumber

plain = partial(elementwise.plain, __name__)
STEPS = "Its gradient is 0 everywhere: nothing before it learns through it."


@dataclass(frozen=True)
class Clip(OfEachNumber):
    """The nearest number between `minimum` and `maximum`; the gradient is 0 beyond them."""

    name = "clip"
    call = code("jnp.clip($x, min=$minimum, max=$maximum)", minimum=None, maximum=None)

    minimum: float | None = attribute(Float(), "the least number; none if left out", None)
    maximum: float | None = attribute(Float(), "the largest number; none if left out", None)

    def complaint(self) -> str | None:
        if self.minimum is None and self.maximum is None:
            return "`clip` needs `minimum` or `maximum`"
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:
            return f"the `minimum` of `clip`, {self.minimum:g}, is above its `maximum`"
        return None


operations.add(
    plain("exp", "The exponential.", "jnp.exp($x)"),
    plain("log", "The natural logarithm.", "jnp.log($x)"),
    plain("sqrt", "The square root.", "jnp.sqrt($x)"),
    plain("square", "`x * x`.", "jnp.square($x)"),
    plain("abs", "The absolute value.", "jnp.abs($x)"),
    plain("sin", "The sine.", "jnp.sin($x)"),
    plain("cos", "The cosine.", "jnp.cos($x)"),
    plain("sign", f"-1, 0 or 1.\n\n{STEPS}", "jnp.sign($x)"),
    plain("floor", f"The next whole number below.\n\n{STEPS}", "jnp.floor($x)"),
    plain("ceil", f"The next whole number above.\n\n{STEPS}", "jnp.ceil($x)"),
    plain("round", f"The nearest whole number, of two the even.\n\n{STEPS}", "jnp.round($x)"),
    Clip,
)
