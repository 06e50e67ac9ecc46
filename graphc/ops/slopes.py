"""The gradient of a value as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Name, Named
from graphc.core.code import Code, code
from graphc.core.declaration import attribute
from graphc.core.operation import Differentiates, Input, Operation, Reach, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type, constant, edges_axis, time_axes, uneven_axes
from graphc.ops.checks import need_floats


class SumOfPoints(Operation):
    """The sum of a value over all points that are there: what `jax.grad` is given."""

    name = "sum_of_points"

    def infer(self, x: Type) -> Type:
        return constant(())

    def call_code(self, x: Type) -> Code:
        some = uneven_axes(x) or edges_axis(x)
        return code("sum_of_points($x, $mask)" if some else "jnp.sum($x)")


@dataclass(frozen=True)
class Gradient(Operation):
    """The gradient of one number with respect to a value: how it changes with each number of that.

        y[i] = d of / d with_respect_to[i]

    for each example by itself; over the steps or the nodes of an example the numbers are added up.
    What lies between the two values is computed once for the number and its gradient. Examples
    must not meet there, and no statistics move.

    Shapes: one number for each point, [] or [1], and any value -> that of the value.

    References: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved training of
    Wasserstein GANs", 2017, for penalties on it; Raissi, Perdikaris and Karniadakis,
    "Physics-informed neural networks", 2019, for equations of it.
    """

    name = "gradient"
    also = ("grad", "derivative")
    inputs = (Input("of"), Input("with_respect_to"))
    traits = (Differentiates(SumOfPoints()),)

    of: Name | None = attribute(Named(), "the number that is differentiated", None)
    with_respect_to: Name | None = attribute(Named(), "the value by which", None)

    def infer(self, of: Type, with_respect_to: Type) -> Type:
        need_floats(self.name, of)
        need_floats(self.name, with_respect_to)
        if of.shape not in ((), (1,)):
            message = f"`gradient` is that of one number for each point, and `of` is {of}"
            raise ShapeError(message, "take the mean or the sum of its features: `sum(...)`")
        return replace(with_respect_to, sparse=False)

    def call_code(self, of: Type, with_respect_to: Type) -> Code:
        """The emitter puts a function of what lies between the two in place of the lambda."""
        total = SumOfPoints().call_code(of).text.replace("$x", "$of")
        return code(f"jax.grad(lambda _: {total})($with_respect_to)")

    def reach(self, of: Type, with_respect_to: Type) -> Reach | None:
        """What a step gives changes with later ones, where a cycle lies between."""
        axes = (*time_axes(with_respect_to), *time_axes(of))
        return Reach(axes[0]) if axes else None

    def flops(self, of: Type, with_respect_to: Type) -> int:
        return with_respect_to.size


operations.add(Gradient)
