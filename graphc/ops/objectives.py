"""Losses and metrics: declarations like operations, with their form in the source."""

from __future__ import annotations

from typing import ClassVar

from graphc.core.code import Code, code
from graphc.core.declaration import Declaration
from graphc.core.operation import ShapeError
from graphc.core.registry import losses, metrics
from graphc.core.types import Type
from graphc.ops.broadcasting import broadcast, operand
from graphc.ops.reductions import features_axes


class Loss(Declaration):
    """The base of losses: one number for each point of the output's domain.

    `call` is the expression of that number over the holes `$output`, `$target` and attributes; it
    may name functions of the emitted module's library. Where it depends on the types, `call_code`
    chooses it.

    Attributes:
        metrics: the names of the metrics that suit it, measured where a spec names none.
        takes_logits: whether it applies the softmax or sigmoid to the output itself.
    """

    call: ClassVar[Code]
    metrics: ClassVar[tuple[str, ...]] = ()
    takes_logits: ClassVar[bool] = False

    def check(self, output: Type, target: Type) -> None:
        """Raise ShapeError where output and target do not go together."""

    def call_code(self, output: Type, target: Type) -> Code:
        """The expression of the loss for values of these types."""
        return self.call


class Metric(Loss):
    """The base of metrics: one number for each point, averaged over all of them.

    A metric that is no such mean has a `value`: its `call` then gives an array of counts for each
    point, which are added up over all points, and `value` is what they say.

    Attributes:
        larger_is_better: which of two checkpoints is the better one by it.
        value: the expression of the metric over the hole `$total`, the counts of all points. It is
            computed on the host, outside of compiled code, from an array of numpy or jax.
    """

    larger_is_better: ClassVar[bool] = False
    value: ClassVar[Code | None] = None


class _OfClasses:
    """What compares logits with the number of the right class, at every place of a point."""

    name: ClassVar[str]

    def check(self, output: Type, target: Type) -> None:
        check_classes(self.name, output, target)


class CrossEntropy(_OfClasses, Loss):
    """Cross-entropy of logits and the number of the right class: `-log softmax(output)[target]`.

    The mean over places, where there is a class for each of them.

    Shapes: logits [..., n], int [...] below n -> [].
    """

    name = "cross_entropy"
    metrics = ("accuracy",)
    takes_logits = True

    def call_code(self, output: Type, target: Type) -> Code:
        each = "optax.softmax_cross_entropy_with_integer_labels($output, $target)"
        return code(f"jnp.mean({each}, axis={features_axes(target)})" if target.shape else each)


class Accuracy(_OfClasses, Metric):
    """The share of places where the largest logit is that of the right class.

    Shapes: logits [..., n], int [...] below n -> [].
    """

    name = "accuracy"
    larger_is_better = True

    def call_code(self, output: Type, target: Type) -> Code:
        each = "jnp.argmax($output, axis=-1) == $target"
        if target.shape:
            return code(f"jnp.mean({each}, axis={features_axes(target)})")
        return code(f"({each}).astype(jnp.float32)")


class MeanIou(_OfClasses, Metric):
    """Mean intersection over union, for segmentation.

    `mean_k |P_k and T_k| / |P_k or T_k|`, where P_k are the places whose largest logit is that of
    class k and T_k those that are of class k, in all examples together: a ratio of counts over the
    whole split, not a mean of the examples' ratios. A class that is in neither is left out.

    Shapes: logits [..., n], int [...] below n -> [] out of counts [2, n].
    """

    name = "mean_iou"
    larger_is_better = True
    value = code("mean_ratio($total)")

    def call_code(self, output: Type, target: Type) -> Code:
        places = tuple(range(len(target.domain), target.rank))
        return code(f"class_overlaps($output, $target{f', axis={places}' if places else ''})")


class _Distance:
    """What is a function of `output - target`, averaged over features."""

    name: ClassVar[str]
    each: ClassVar[str]

    def check(self, output: Type, target: Type) -> None:
        if target.dtype != "float":
            raise ShapeError(
                f"`{self.name}` compares numbers, but the target is {target}",
                "classes go with `cross_entropy`",
            )
        whole = broadcast(self.name, (output, target))
        if whole.shape != output.shape or set(whole.domain) != set(output.domain):
            raise ShapeError(
                f"`{self.name}` compares number by number, but the output is {output} and the"
                f" target is {target}",
                "give both the same shape",
            )

    def call_code(self, output: Type, target: Type) -> Code:
        each = self.each.format("$output", operand("target", target, output))
        return code(f"jnp.mean({each}, axis={features_axes(output)})" if output.shape else each)


class MeanSquaredError(_Distance, Loss):
    """`mean((output - target) ** 2)`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_squared_error"
    metrics = ("mean_absolute_error",)
    each = "jnp.square({} - {})"


class MeanAbsoluteError(_Distance, Metric):
    """`mean(abs(output - target))`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_absolute_error"
    each = "jnp.abs({} - {})"


def check_classes(name: str, output: Type, target: Type) -> None:
    """Raise ShapeError unless these are logits [..., n] and classes int [...] below n."""
    places = target.shape if target.dtype == "int" else ()
    if output.dtype != "float" or not output.shape or output.shape[:-1] != places:
        raise _no_logits(name, output, target, places)
    if target.dtype != "int":
        raise ShapeError(
            f"`{name}` needs the numbers of the right classes, but the target is {target}",
            "numbers go with `mean_squared_error`; a csv or npz file has `kind: classes`",
        )
    if set(target.domain) != set(output.domain):
        raise ShapeError(
            f"`{name}` needs one class for each point, but the output is {output} and the target is"
            f" {target}",
            "bring both to one for each example, or one for each step or node",
        )
    if target.below is None:
        raise ShapeError(
            f"`{name}` needs to know the number of classes, but the target is {target}",
            f"declare it with `below: {output.features}`",
        )
    if target.below != output.features:
        raise ShapeError(
            f"`{name}` has {output.features} logits for {target.below} classes",
            f"give the last layer {target.below} features",
        )


def _no_logits(name: str, output: Type, target: Type, places: tuple[int, ...]) -> ShapeError:
    if not places:
        message = f"`{name}` needs logits [classes], but the output is {output}"
        return ShapeError(message, "end the network with `dense`, one feature for each class")
    wanted = f"[{', '.join(map(str, places))}, classes]"
    return ShapeError(
        f"`{name}` needs logits {wanted}, but the output is {output} and the target is {target}",
        f"end the network with `conv: {{features: {target.below or '...'}, kernel: 1}}` at the size"
        " of the target, one feature for each class",
    )


losses.add(CrossEntropy, MeanSquaredError)
metrics.add(Accuracy, MeanAbsoluteError, MeanIou)
