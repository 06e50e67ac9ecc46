"""Losses, metrics and optimisers: declarations like operations, with their form in the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Float
from graphc.core.code import Code, code
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.operation import ShapeError
from graphc.core.registry import losses, metrics, optimizers
from graphc.core.types import Type
from graphc.ops.arithmetic import features_axes
from graphc.ops.broadcasting import broadcast, operand


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

    Attributes:
        larger_is_better: which of two checkpoints is the better one by it.
    """

    larger_is_better: ClassVar[bool] = False


class CrossEntropy(Loss):
    """Cross-entropy of logits and the number of the right class: `-log softmax(output)[target]`.

    Shapes: logits [n], int [] below n -> [].
    """

    name = "cross_entropy"
    metrics = ("accuracy",)
    takes_logits = True
    call = code("optax.softmax_cross_entropy_with_integer_labels($output, $target)")

    def check(self, output: Type, target: Type) -> None:
        _check_classes(self.name, output, target)


class Accuracy(Metric):
    """The share of points where the largest logit is that of the right class.

    Shapes: logits [n], int [] below n -> [].
    """

    name = "accuracy"
    larger_is_better = True
    call = code("(jnp.argmax($output, axis=-1) == $target).astype(jnp.float32)")

    def check(self, output: Type, target: Type) -> None:
        _check_classes(self.name, output, target)


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


def _check_classes(name: str, output: Type, target: Type) -> None:
    if output.dtype != "float" or len(output.shape) != 1:
        raise ShapeError(
            f"`{name}` needs logits [classes], but the output is {output}",
            "end the network with `dense`, one feature for each class",
        )
    if target.dtype != "int":
        raise ShapeError(
            f"`{name}` needs the numbers of the right classes, but the target is {target}",
            f"declare the target as `{{int: [], below: {output.features}}}`",
        )
    if target.shape or set(target.domain) != set(output.domain):
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


class Optimizer(Declaration):
    """The base of optimisers.

    `build` is the optax expression. `sees` says what an update of one array depends on:
    "elements" (each number alone, so arrays may be stored stacked), "arrays" (the norm of each
    of the spec's arrays) or "all" (the norm over all arrays).
    """

    build: ClassVar[Code]
    sees: ClassVar[str] = "elements"


def _learning_rate() -> float:
    return primary(Float(above=0), "the factor of each step")


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent: `w -= learning_rate * gradient`."""

    name = "sgd"
    build = code("optax.sgd($learning_rate)")
    learning_rate: float = _learning_rate()


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum: `v = momentum * v + gradient; w -= learning_rate * v`.

    References: Sutskever et al., "On the importance of initialization and momentum", 2013.
    """

    name = "momentum"
    build = code(
        "optax.sgd($learning_rate, momentum=$momentum, nesterov=$nesterov)", nesterov=False
    )
    learning_rate: float = _learning_rate()
    momentum: float = attribute(Float(minimum=0, below=1), "the share of v that a step keeps", 0.9)
    nesterov: bool = attribute(Bool(), "whether the gradient is taken a step ahead", False)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running moments of the gradient.

    `m = b1 * m + (1 - b1) * g; v = b2 * v + (1 - b2) * g ** 2;
    w -= learning_rate * m_hat / (sqrt(v_hat) + eps)`, with m and v corrected for their start at 0.

    References: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    name = "adam"
    build = code(
        "optax.adam($learning_rate, b1=$b1, b2=$b2, eps=$eps, nesterov=$nesterov)",
        b1=0.9,
        b2=0.999,
        eps=1e-8,
        nesterov=False,
    )
    learning_rate: float = _learning_rate()
    b1: float = attribute(Float(minimum=0, below=1), "decay of the first moment", 0.9)
    b2: float = attribute(Float(minimum=0, below=1), "decay of the second moment", 0.999)
    eps: float = attribute(Float(above=0), "added to the denominator", 1e-8)
    nesterov: bool = attribute(Bool(), "whether the first moment looks a step ahead", False)


losses.add(CrossEntropy, MeanSquaredError)
metrics.add(Accuracy, MeanAbsoluteError)
optimizers.add(Sgd, Momentum, Adam)
