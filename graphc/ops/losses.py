"""Losses: what training minimises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphc.core.attributes import Float, Kind, Many
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.registry import losses
from graphc.core.tree import Scalar, Tree
from graphc.core.types import Type
from graphc.ops.objectives import (
    Loss,
    OfClasses,
    OfClassesOrLabels,
    OfNumbers,
    check_binary,
    check_domain,
    is_binary,
    mean_over,
    number_target,
    single_logits,
)

BALANCED = "balanced"
_FACTORS = Many(Float(minimum=0))


class ClassWeights(Kind):
    """A number for each class, or the word that leaves them to the data."""

    def read(self, tree: Tree) -> object:
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            return _FACTORS.read(tree)
        if tree.text != BALANCED:
            raise self.refuse(tree, similar(tree.text, (BALANCED,), "choice"))
        return BALANCED

    def write(self, value: Any) -> object:
        return value if value == BALANCED else _FACTORS.write(value)

    def schema(self) -> dict:
        return {"anyOf": [{"const": BALANCED}, *_FACTORS.schema()["anyOf"]]}

    def __str__(self) -> str:
        return f"`{BALANCED}`, or {_FACTORS}"


@dataclass(frozen=True)
class CrossEntropy(OfClasses, Loss):
    """Cross-entropy of logits and the number of the right class: `-log softmax(output)[target]`.

    With `label_smoothing` s the target of n classes is `1 - s + s / n` for the right one and
    `s / n` for each other. `class_weights` are factors of the classes' terms; the mean still
    divides by the number of examples. With `balanced` the factor is n / (k * m) for each of k
    classes, to which m of n training examples belong. The mean over places, where there is a class
    for each.

    Shapes: logits [..., n], int [...] below n -> [].

    References: Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016
    (smoothing).
    """

    name = "cross_entropy"
    also = ("softmax_cross_entropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
    metrics = ("accuracy",)
    takes_logits = True
    mean = "softmax"
    label_smoothing: float = attribute(
        Float(minimum=0, below=1), "the share of the target that all classes have in common", 0.0
    )
    class_weights: tuple[float, ...] | str | None = attribute(
        ClassWeights(),
        "a factor for each class, for classes that are rare; `balanced`: by the training data",
        None,
    )

    def check(self, output: Type, target: Type) -> None:
        super().check(output, target)
        given = self.class_weights
        count = output.features if given is None or given == BALANCED else len(given)
        if count != output.features:
            raise ShapeError(
                f"`{self.name}` has {count} class weights for {output.features} classes",
                "give one for each class, in their order",
            )

    def call_code(self, output: Type, target: Type) -> Code:
        return mean_over(self._each(output, target), target)

    def _each(self, output: Type, target: Type) -> str:
        factors = "CLASS_WEIGHTS" if self.class_weights == BALANCED else "$class_weights"
        if not self.label_smoothing:
            each = "optax.softmax_cross_entropy_with_integer_labels($output, $target)"
            weighted = f"jnp.array({factors})[$target] * {each}"
            return each if self.class_weights is None else weighted
        labels = f"jax.nn.one_hot($target, {output.features})"
        labels = f"optax.smooth_labels({labels}, $label_smoothing)"
        if self.class_weights is not None:
            alone = ", ".join(["None"] * target.rank)
            labels = f"jnp.array({factors})[{alone}] * {labels}"
        return f"optax.softmax_cross_entropy($output, {labels})"


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of single logits and yes or no, each for itself.

    `-p * t * log sigmoid(output) - (1 - t) * log(1 - sigmoid(output))`, with t = 1 for yes and the
    weight p of what is yes. The mean over features: several labels, of which any number may be
    right, are a bool [n], and places are [height, width].

    Shapes: logits [...] or [..., 1]; bool [...], int [...] below 2 or probabilities [...] -> [].
    """

    name = "binary_cross_entropy"
    also = ("bce", "bce_with_logits", "binary_crossentropy", "sigmoid_cross_entropy", "log_loss")
    metrics = ("accuracy",)
    takes_logits = True
    mean = "sigmoid"
    positive_weight: float = attribute(
        Float(above=0), "the factor of what is yes, above 1 where it is rare", 1.0
    )

    def check(self, output: Type, target: Type) -> None:
        check_binary(self.name, output, target, soft=True)

    def call_code(self, output: Type, target: Type) -> Code:
        return mean_over(self._each(output, target), target)

    def each_code(self, output: Type, target: Type) -> Code | None:
        return code(self._each(output, target))

    def _each(self, output: Type, target: Type) -> str:
        logits = single_logits(output, target)
        if self.positive_weight != 1:
            return f"weighted_binary_cross_entropy({logits}, $target, $positive_weight)"
        return f"optax.sigmoid_binary_cross_entropy({logits}, $target)"


class Hinge(OfClassesOrLabels, Loss):
    """The hinge loss of support vector machines.

    `max(0, 1 - t * output)` with t = 1 for yes and -1 for no, where there is a single score; for
    classes `max(0, 1 + the largest score of a wrong class - the score of the right one)`. The mean
    over features or places.

    Shapes: scores [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2
    -> [].

    References: Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based
    vector machines", 2001.
    """

    name = "hinge"
    metrics = ("accuracy",)
    takes_logits = True
    without = "it compares scores of any size"

    def call_code(self, output: Type, target: Type) -> Code:
        if is_binary(output, target):
            logits = single_logits(output, target)
            return mean_over(f"optax.hinge_loss({logits}, jnp.where($target, 1.0, -1.0))", target)
        return mean_over("optax.losses.multiclass_hinge_loss($output, $target)", target)


@dataclass(frozen=True)
class Focal(OfClassesOrLabels, Loss):
    """Cross-entropy that counts less what is right already: `-(1 - p) ** gamma * log(p)`.

    p is the probability of the right class, by a softmax over classes or by the sigmoid of a single
    logit. With `gamma: 0` it is the cross-entropy. The mean over features or places.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2
    -> [].

    References: Lin et al., "Focal loss for dense object detection", 2017.
    """

    name = "focal"
    also = ("focal_loss", "sigmoid_focal_loss")
    metrics = ("accuracy",)
    takes_logits = True
    mean = "softmax"
    gamma: float = primary(Float(minimum=0), "how much less what is right counts", 2.0)
    alpha: float | None = attribute(
        Float(above=0, below=1), "the weight of yes, and 1 - alpha that of no; none: equal", None
    )

    def check(self, output: Type, target: Type) -> None:
        super().check(output, target)
        if self.alpha is not None and not is_binary(output, target):
            raise ShapeError(
                f"`alpha` of `{self.name}` weighs yes against no, but the target is {target}",
                "leave it out, or give `cross_entropy` its `class_weights`",
            )

    def call_code(self, output: Type, target: Type) -> Code:
        if not is_binary(output, target):
            return mean_over("focal_cross_entropy($output, $target, $gamma)", target)
        weight = "" if self.alpha is None else ", alpha=$alpha"
        logits = single_logits(output, target)
        each = f"optax.sigmoid_focal_loss({logits}, $target{weight}, gamma=$gamma)"
        return code(mean_over(each, target).text, gamma=2.0)

    def mean_of(self, output: Type, target: Type) -> str:
        return "sigmoid" if is_binary(output, target) else "softmax"


class KlDivergence(Loss):
    """What the probabilities of the logits lack of those of the target.

    `sum(target * (log(target) - log softmax(output)))` over the last axis, the mean over the
    others.
    The target's numbers must be probabilities, whose sum over the last axis is 1.

    Shapes: logits [..., n], floats [..., n] -> [].

    References: Kullback and Leibler, "On information and sufficiency", 1951.
    """

    name = "kl_divergence"
    also = ("kl", "kl_div", "kld", "kullback_leibler")
    takes_logits = True
    mean = "softmax"

    def check(self, output: Type, target: Type) -> None:
        if target.dtype != "float" or target.shape != output.shape or not output.shape:
            raise ShapeError(
                f"`{self.name}` compares logits [classes] with as many probabilities, but the"
                f" output is {output} and the target is {target}",
                "classes go with `cross_entropy`" if target.dtype == "int" else None,
            )
        check_domain(self.name, output, target)

    def call_code(self, output: Type, target: Type) -> Code:
        places = Type(target.shape[:-1], domain=target.domain)
        return mean_over("optax.kl_divergence(jax.nn.log_softmax($output), $target)", places)


class MeanSquaredError(OfNumbers, Loss):
    """`mean((output - target) ** 2)`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_squared_error"
    also = ("mse", "l2", "l2_loss")
    metrics = ("mean_absolute_error",)
    each = "jnp.square({} - {})"


class MeanAbsoluteError(OfNumbers, Loss):
    """`mean(abs(output - target))`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_absolute_error"
    also = ("mae", "l1", "l1_loss")
    metrics = ("rmse",)
    each = "jnp.abs({} - {})"


@dataclass(frozen=True)
class Huber(OfNumbers, Loss):
    """Half the squared error near 0 and linear in the error beyond `delta`, over features.

    `mean(e ** 2 / 2 where abs(e) <= delta, otherwise delta * (abs(e) - delta / 2))` with
    `e = output - target`.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].

    References: Huber, "Robust estimation of a location parameter", 1964.
    """

    name = "huber"
    also = ("huber_loss", "smooth_l1", "smooth_l1_loss")
    metrics = ("mean_absolute_error",)
    delta: float = primary(Float(above=0), "the error beyond which it is linear", 1.0)

    def call_code(self, output: Type, target: Type) -> Code:
        return code(mean_over(self._each(output, target), output).text, delta=1.0)

    def _each(self, output: Type, target: Type) -> str:
        return f"optax.huber_loss($output, {number_target(output, target)}, delta=$delta)"


class Poisson(OfNumbers, Loss):
    """For counts, whose logarithm of the mean is the output: `mean(exp(output) - target * output)`.

    The negative log-likelihood of a Poisson distribution but for a term without the output.

    Shapes: log-rates and counts (floats) that are equal, or a target that broadcasts -> [].
    """

    name = "poisson"
    also = ("poisson_nll", "poisson_nll_loss")
    mean = "exp"
    each = "jnp.exp($output) - {1} * {0}"


losses.add(CrossEntropy, BinaryCrossEntropy, Hinge, Focal, KlDivergence)
losses.add(MeanSquaredError, MeanAbsoluteError, Huber, Poisson)
