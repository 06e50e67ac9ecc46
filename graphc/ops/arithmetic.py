"""What formulas are made of: operators, constants and choices.

Values combine number by number, after the rule of `graphc.ops.broadcasting`. Numbers of the spec
stay Python numbers in the source, so that they take the type of what they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

from graphc.core.attributes import Either, Float, Int
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operands import operand
from graphc.core.operation import Elementwise, Input, Literal, Operation, ShapeError, Spelled
from graphc.core.registry import operations
from graphc.core.types import Type, constant
from graphc.ops.broadcasting import broadcast
from graphc.ops.checks import need_floats


@dataclass(frozen=True)
class Constant(Operation):
    """A number of the spec, the same at every point.

    Shapes: -> [].
    """

    name = "constant"
    traits = (Literal(),)
    inputs = ()
    call = code("$value")

    value: int | float = primary(Either((Int(), Float())), "the number")

    def infer(self) -> Type:
        return constant(())


class Pointwise(Operation):
    """The base of what combines floats number by number.

    `pair` is the expression of two of them over `{0}` and `{1}`; more are combined from the left.
    """

    pair: ClassVar[str]

    @property
    def label(self) -> str:
        """As formulas write it."""
        spelled = self.trait(Spelled)
        return spelled.operator if isinstance(spelled, Spelled) else self.name

    def infer(self, *types: Type) -> Type:
        return broadcast(self.label, types)

    def flops(self, *types: Type) -> int:
        return (len(types) - 1) * self.infer(*types).size

    def call_code(self, *types: Type) -> Code:
        whole = self.infer(*types)
        names = [each.name for each in self.inputs]
        if self.variadic:
            names = [f"item_{i}" for i in range(len(types))]
        texts = [operand(name, own, whole) for name, own in zip(names, types, strict=True)]
        return code(reduce(self.pair.format, texts))


def _pointwise(word: str, text: str, pair: str, *traits: object, inputs=None) -> type[Pointwise]:
    """An operation on two values, or on any number of them where `inputs` is left out."""
    body = {"name": word, "__doc__": text, "pair": pair, "traits": traits}
    body |= {"variadic": True} if inputs is None else {"inputs": tuple(map(Input, inputs))}
    return type(word.title(), (Pointwise,), body)


Add = _pointwise("add", "The sum of values: `a + b + ...`.", "{} + {}", Spelled("+"))
Multiply = _pointwise("multiply", "The product of values: `a * b * ...`.", "{} * {}", Spelled("*"))
Maximum = _pointwise(
    "maximum", "The larger of values: `maximum(a, b, ...)`.", "jnp.maximum({}, {})"
)
Minimum = _pointwise(
    "minimum", "The smaller of values: `minimum(a, b, ...)`.", "jnp.minimum({}, {})"
)
Subtract = _pointwise("subtract", "Difference: `a - b`.", "{} - {}", Spelled("-"), inputs="ab")
Divide = _pointwise("divide", "Quotient: `a / b`.", "{} / {}", Spelled("/"), inputs="ab")
Power = _pointwise(
    "power", "Power: `base ** exponent`.", "{} ** {}", Spelled("**"), inputs=("base", "exponent")
)


class Negative(Operation):
    """The negative: `-x`.

    Shapes: any, unchanged.
    """

    name = "negative"
    call = code("-$x")
    traits = (Elementwise(), Spelled("-"))

    def infer(self, x: Type) -> Type:
        need_floats("-", x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return x.size


@dataclass(frozen=True)
class Remainder(Operation):
    """What is left of each number when it is divided by a whole one: between 0 and that.

    Shapes: any, unchanged. Of whole numbers it is one of `by` classes: `remainder(label, by=2)`
    says which labels are odd.
    """

    name = "remainder"
    also = ("mod", "modulo", "fmod")
    call = code("jnp.remainder($x, $by)")

    by: int = primary(Int(1), "what is divided by")

    def infer(self, x: Type) -> Type:
        if x.dtype == "int":
            return replace(x, below=self.by)
        need_floats(self.name, x)
        return x.with_shape(x.shape)

    def flops(self, x: Type) -> int:
        return x.size


class Where(Operation):
    """`x` where the condition holds and `y` elsewhere.

    Shapes: a bool and two floats, which combine as in formulas.
    """

    name = "where"
    inputs = (Input("condition"), Input("x"), Input("y"))

    def infer(self, condition: Type, x: Type, y: Type) -> Type:
        if condition.dtype != "bool":
            raise ShapeError(f"`where` needs a bool as its condition, which is {condition}")
        return broadcast(self.name, (replace(condition, dtype="float", below=None), x, y))

    def flops(self, *types: Type) -> int:
        return self.infer(*types).size

    def call_code(self, *types: Type) -> Code:
        whole = self.infer(*types)
        names = [each.name for each in self.inputs]
        texts = [operand(name, own, whole) for name, own in zip(names, types, strict=True)]
        # Between two Python numbers, jnp.where would give integers.
        bare = not types[1].rank and not types[2].rank
        return code(f"jnp.where({', '.join(texts)}){'.astype(float)' if bare else ''}")


operations.add(Constant, Add, Multiply, Subtract, Divide, Power, Negative)
operations.add(Maximum, Minimum, Remainder, Where)
