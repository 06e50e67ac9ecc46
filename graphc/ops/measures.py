"""Losses and metrics as operations: functions of an output and a target, in formulas of `train`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, make_dataclass, replace
from functools import cache
from typing import ClassVar

from graphc.core.attributes import Bool, Either, Float, Int
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import BatchCoupled, Input, Operation, ShapeError
from graphc.core.registry import losses, metrics
from graphc.core.types import Type, constant
from graphc.ops.objectives import Loss, Metric


class Measuring(Operation):
    """The base of losses and metrics as operations: one number for each point.

    A target that is a bare number stands for an array of it, like the output; of classes it is the
    number of one. With `each` a loss
    keeps its numbers apart.

    Attributes:
        measure: the loss or metric.
    """

    inputs = (Input("output"), Input("target"))
    measure: ClassVar[type[Loss]]

    each: bool

    @property
    def made(self) -> Loss:
        """The loss or metric with its attributes."""
        return self.measure(
            **{word.name: getattr(self, word.name) for word in self.measure.attributes()}
        )

    def infer(self, output: Type, target: Type) -> Type:
        target = _like(output, target)
        self.made.check(output, target)
        if not self.each:
            return output.with_shape(())
        if self.made.each_code(output, target) is None:
            message = f"`{self.name}` is one number for each point, which has no parts"
            raise ShapeError(message, "leave `each` out")
        return output.with_shape(output.shape if output.shape != (1,) else ())

    def call_code(self, output: Type, target: Type) -> Code:
        target = _like(output, target)
        if not self.each:
            return self.made.call_code(output, target)
        found = self.made.each_code(output, target)
        assert found is not None
        return found

    def flops(self, output: Type, target: Type) -> int:
        return output.size


def _like(output: Type, target: Type) -> Type:
    """The type of a target; of a bare number, that of an array of it."""
    bare = not target.domain and not target.shape and target.dtype == "float"
    return replace(output, dtype="float") if bare else target


@cache
def measuring(name: str) -> type[Measuring] | None:
    """The operation of a loss or metric; None where there is none, or it is no mean of points."""
    registry = losses if name in losses else metrics
    if name not in registry:
        return None
    measure = registry.find(name)
    if issubclass(measure, Metric) and measure.counts:
        return None
    own = [
        (each.name, each.type, field(default=each.default, metadata=each.metadata))
        for each in fields(measure)
    ]
    help = "whether the numbers are kept apart, rather than their mean taken"
    parts = [*own, ("each", bool, attribute(Bool(), help, False))]
    body = {"name": name, "also": measure.also, "measure": measure, "__doc__": measure.__doc__}
    return make_dataclass(measure.__name__, parts, bases=(Measuring,), namespace=body, frozen=True)


@dataclass(frozen=True)
class ClassNumber(Operation):
    """A class of the spec as the target of all points.

    Shapes: logits [..., n] -> int [...] below n.
    """

    name = "class_number"
    inputs = (Input("like", help="the logits"),)
    call = code("jnp.full($like.shape[:-1], $value)")

    value: int | float = primary(Either((Int(), Float())), "its number, counted from 0")

    def infer(self, like: Type) -> Type:
        if not isinstance(self.value, int) or not 0 <= self.value < like.features:
            message = f"`{self.value}` is no class: they are 0 to {like.features - 1}"
            raise ShapeError(message, "a class is its number, counted from 0")
        return replace(like, shape=like.shape[:-1], dtype="int", below=like.features)


class MeanOfPoints(Operation):
    """The mean of a value over all points that are there: what an objective makes small."""

    name = "mean_of_points"
    traits = (BatchCoupled(),)

    def infer(self, x: Type) -> Type:
        return constant(())

    def call_code(self, x: Type) -> Code:
        number = "$x[..., 0]" if x.shape else "$x"
        if not x.domain:
            return code(number)
        return code(f"mean_of_points({number}, $mask)")
