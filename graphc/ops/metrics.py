"""Metrics: what is measured beside the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.forms import MANY_CLASSES
from graphc.core.operation import ShapeError
from graphc.core.registry import metrics
from graphc.core.types import Type, lengths_over, time_axes, uneven_axes
from graphc.ops.objectives import (
    Metric,
    OfClasses,
    OfClassesOrLabels,
    OfNumbers,
    check_binary,
    check_classes,
    class_logits,
    has_labels,
    is_binary,
    mean_over,
    number_target,
    places_axes,
    single_logits,
)


class Accuracy(OfClassesOrLabels, Metric):
    """The share of places where the largest logit is that of the right class.

    A single logit says yes where it is above 0; of several labels each counts.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2
    -> [].
    """

    name = "accuracy"
    also = ("acc", "binary_accuracy", "categorical_accuracy")
    larger_is_better = True

    def call_code(self, output: Type, target: Type) -> Code:
        each = "jnp.argmax($output, axis=-1) == $target"
        if target.below and target.below >= MANY_CLASSES:
            each = "is_largest($output, $target)"
        if is_binary(output, target):
            right = "$target" if target.dtype == "bool" else "($target > 0)"
            each = f"({single_logits(output, target)} > 0) == {right}"
        return mean_over(each, target) if target.shape else code(f"({each}).astype(jnp.float32)")


@dataclass(frozen=True)
class TopK(OfClasses, Metric):
    """The share of places where the right class is among the `count` with the largest logits.

    Shapes: logits [..., n], int [...] below n -> [].
    """

    name = "top_k"
    also = ("top_k_accuracy", "top_k_categorical_accuracy")
    larger_is_better = True
    count: int = primary(Int(1), "among how many classes the right one has to be")

    def check(self, output: Type, target: Type) -> None:
        super().check(output, target)
        if self.count > output.features:
            raise ShapeError(
                f"`{self.name}` takes the best {self.count} of {output.features} classes",
                f"give it fewer than {output.features}",
            )

    def call_code(self, output: Type, target: Type) -> Code:
        best = "jax.lax.top_k($output, $count)[1]"
        if target.shape:
            axes = tuple(range(-len(target.shape) - 1, 0))
            each = f"jnp.sum({best} == $target[..., None], axis={axes})"
            return code(f"{each} / {target.size}")
        return code(f"jnp.sum({best} == $target[..., None], axis=-1, dtype=jnp.float32)")


class MeanIou(OfClasses, Metric):
    """Mean intersection over union, for segmentation.

    `mean_k |P_k and T_k| / |P_k or T_k|`, where P_k are the places whose largest logit is that of
    class k and T_k those that are of class k, in all examples together: a ratio of counts over the
    whole split, not a mean of the examples' ratios. A class that is in neither is left out.

    Shapes: logits [..., n], int [...] below n -> [] out of counts [2, n].
    """

    name = "mean_iou"
    larger_is_better = True
    counts = True
    value = code("mean_ratio($total)")

    def call_code(self, output: Type, target: Type) -> Code:
        return code(f"class_overlaps($output, $target{places_axes(target)})")


AVERAGES = ("binary", "macro", "micro")


@dataclass(frozen=True)
class _OfHits(OfClassesOrLabels, Metric):
    """What is computed from how often a class is guessed, how often it is right, and both.

    Attributes:
        whole: the function of the emitted module that makes a number of these counts [3, n].
    """

    larger_is_better = True
    counts = True
    whole: ClassVar[str]
    average: str | None = primary(
        Text(AVERAGES),
        "`binary`: of the class 1 alone; `macro`: the mean over classes or labels; `micro`: of all"
        " together; default: binary for yes or no and for two classes, otherwise macro",
        None,
    )

    def check(self, output: Type, target: Type) -> None:
        super().check(output, target)
        several = has_labels(output, target) or (target.below or 2) > 2
        if self.average == "binary" and several:
            what = "labels" if target.below is None or target.below == 2 else "classes"
            raise ShapeError(
                f"`{self.name}` with `average: binary` needs two classes, but the target has"
                f" several {what}: {target}",
                "write `macro`, for their mean, or `micro`",
            )

    def _average(self, output: Type, target: Type) -> str:
        several = has_labels(output, target) or (target.below or 2) > 2
        return self.average or ("macro" if several else "binary")

    def call_code(self, output: Type, target: Type) -> Code:
        if has_labels(output, target):
            axes = places_axes(target.with_shape(target.shape[:-1]))
            return code(f"label_hits($output, $target{axes})")
        return code(
            f"class_hits({class_logits(output, target)}, {_classes(target)}{places_axes(target)})"
        )

    def value_code(self, output: Type, target: Type) -> Code:
        chosen = {
            "macro": "$total",
            "micro": "$total.sum(axis=-1, keepdims=True)",
            "binary": "$total[:, 1:]",
        }
        return code(f"{self.whole}({chosen[self._average(output, target)]})")


def _classes(target: Type) -> str:
    """The hole `$target` as integers."""
    return "$target.astype(jnp.int32)" if target.dtype == "bool" else "$target"


class Precision(_OfHits):
    """The share of what is taken for a class that is of it.

    `hits / guesses`, counted over the whole split; 0 for a class that is never guessed. Means are
    over the classes that occur or are guessed. A single logit says yes where it is above 0.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2 ->
    [] out of counts [3, n].
    """

    name = "precision"
    whole = "mean_precision"


class Recall(_OfHits):
    """The share of a class that is taken for it.

    `hits / members`, counted over the whole split; 0 for a class that does not occur. Means are
    over the classes that occur or are guessed. A single logit says yes where it is above 0.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2 ->
    [] out of counts [3, n].
    """

    name = "recall"
    also = ("sensitivity", "true_positive_rate")
    whole = "mean_recall"


class F1(_OfHits):
    """The harmonic mean of precision and recall.

    `2 * hits / (guesses + members)`, counted over the whole split. Means are over the classes that
    occur or are guessed. A single logit says yes where it is above 0.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2 ->
    [] out of counts [3, n].
    """

    name = "f1"
    also = ("f1_score", "f_score", "f_measure")
    whole = "mean_f1"


@dataclass(frozen=True)
class EntityF1(Metric):
    """F1 of named entities: one counts as found where its type, begin and end are right.

    `2 * found / (guessed + there)`, counted over the whole split. The classes are tags: 0 for no
    entity, then for each type one for its begin and one for what is inside (O, B-person, I-person,
    ...). What is inside without a begin, or behind another type, begins an entity, as the script
    conlleval has it.

    Shapes: logits [time, 2 * n + 1], int [time] below 2 * n + 1 -> [] out of counts [3, n].

    References: Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 shared task", 2003.
    """

    name = "entity_f1"
    also = ("span_f1", "seqeval", "conlleval")
    larger_is_better = True
    counts = True
    average: str = primary(
        Text(("micro", "macro")), "`micro`: all types together; `macro`: their mean", "micro"
    )

    def check(self, output: Type, target: Type) -> None:
        check_classes(self.name, output, target)
        if target.shape or len(target.domain) != 2 or not time_axes(target):
            message = f"`{self.name}` needs a tag for each step, but the target is {target}"
            raise ShapeError(message, "`f1` measures other classes")
        if output.features < 3 or output.features % 2 == 0:
            message = (
                f"`{self.name}` needs a tag for none and two for each type, an odd number, but"
            )
            message += f" there are {output.features}"
            raise ShapeError(message, "`f1` measures classes that are no tags of entities")

    def call_code(self, output: Type, target: Type) -> Code:
        axes = uneven_axes(target)
        length = f", batch[{lengths_over(axes[0].name)!r}]" if axes else ""
        return code(f"entity_hits($output, $target{length})")

    def value_code(self, output: Type, target: Type) -> Code:
        micro = ".sum(axis=-1, keepdims=True)" if self.average == "micro" else ""
        return code(f"mean_f1($total{micro})")


class _OfScores(Metric):
    """What is computed from how many yes and no have a score in each of 1,024 bins."""

    larger_is_better = True
    counts = True

    def check(self, output: Type, target: Type) -> None:
        if not is_binary(output, target) and target.dtype == "int" and target.below == 2:
            check_classes(self.name, output, target)
            return
        if target.dtype == "int" and target.below != 2:
            message = f"`{self.name}` needs yes or no, but the target is {target}"
            raise ShapeError(message, "`accuracy`, `f1` and `confusion_matrix` measure classes")
        check_binary(self.name, output, target)

    def call_code(self, output: Type, target: Type) -> Code:
        if not is_binary(output, target):
            scores = "$output[..., 1] - $output[..., 0]"
        else:
            scores = single_logits(output, target)
        labels = has_labels(output, target)
        axes = places_axes(target.with_shape(target.shape[:-1]) if labels else target)
        return code(f"score_counts({scores}, {_classes(target)}{axes})")


class RocAuc(_OfScores):
    """The area under the ROC curve: how often a yes has a higher score than a no.

    Over all pairs of a yes and a no of the split, half a point for equal scores; 0.5 where there is
    no pair. Of several labels the mean over those with a pair. Scores are counted in 1,024 bins of
    equal width in `asinh(score)`, up to 1,490: those closer than 1/64 (1.6 percent for scores above
    1) may count as equal, which moves the area by at most half the share of such pairs.

    Shapes: logits [...] or [..., 1], bool [...] or int [...] below 2; or logits [..., 2], int [...]
    below 2 -> [] out of counts [2, 1024].

    References: Fawcett, "An introduction to ROC analysis", 2006.
    """

    name = "roc_auc"
    also = ("auc", "auroc", "roc_auc_score")
    value = code("area_under_roc($total)")


class AveragePrecision(_OfScores):
    """The mean precision over all yes, each at the score that it has: the area under its curve.

    `sum_n (R_n - R_(n-1)) P_n`, with the precision P_n and the recall R_n of saying yes to the n
    highest scores; 0 where there is no yes. Of several labels the mean over those with one. Scores
    are counted in bins as those of `roc_auc`, which says how fine they are.

    Shapes: logits [...] or [..., 1], bool [...] or int [...] below 2; or logits [..., 2], int [...]
    below 2 -> [] out of counts [2, 1024].

    References: Zhu, "Recall, precision and average precision", 2004.
    """

    name = "average_precision"
    also = ("auprc", "pr_auc", "average_precision_score")
    value = code("mean_average_precision($total)")


class ConfusionMatrix(OfClassesOrLabels, Metric):
    """How often each class (a row) is taken for each other one (a column): counts [n, n].

    The diagonal is what is right. A run keeps it in `result.json`, as a list of rows, and that of
    the test split as a picture, `confusion.svg`.

    Shapes: logits [..., n], int [...] below n; or [...] or [..., 1], bool [...] or int below 2 ->
    counts [n, n].
    """

    name = "confusion_matrix"
    also = ("confusion",)
    larger_is_better = True
    counts = True
    is_number = False
    value = code("$total.astype(int)")

    def check(self, output: Type, target: Type) -> None:
        super().check(output, target)
        if has_labels(output, target):
            raise ShapeError(
                f"`{self.name}` needs one class for each place, but the target is {target}: labels"
                " of which any number may be right",
                "`precision` and `recall` measure labels",
            )

    def call_code(self, output: Type, target: Type) -> Code:
        logits, axes = class_logits(output, target), places_axes(target)
        return code(f"confusion_counts({logits}, {_classes(target)}{axes})")


class Perplexity(OfClasses, Metric):
    """How many classes are as likely as each other, on average: `exp` of the mean cross-entropy.

    Of the mean over all examples (and places), with natural logarithms: 1 where the right class is
    certain, n where all are equally likely.

    Shapes: logits [..., n], int [...] below n -> [].
    """

    name = "perplexity"
    value = code("jnp.exp($total / count)")

    def call_code(self, output: Type, target: Type) -> Code:
        each = "optax.softmax_cross_entropy_with_integer_labels($output, $target)"
        return mean_over(each, target)


class MeanSquaredError(OfNumbers, Metric):
    """`mean((output - target) ** 2)`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_squared_error"
    each = "jnp.square({} - {})"


class MeanAbsoluteError(OfNumbers, Metric):
    """`mean(abs(output - target))`, over features.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mean_absolute_error"
    each = "jnp.abs({} - {})"


class Mse(MeanSquaredError):
    """`mean((output - target) ** 2)`, over features: `mean_squared_error` under a short name.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mse"


class Mae(MeanAbsoluteError):
    """`mean(abs(output - target))`, over features: `mean_absolute_error` under a short name.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "mae"


class Rmse(MeanSquaredError):
    """The root of the mean squared error, in the unit of the target.

    `sqrt(mean((output - target) ** 2))`, the mean over all features and examples.

    Shapes: two that are equal, or a target that broadcasts to the output -> [].
    """

    name = "rmse"
    also = ("root_mean_squared_error",)
    value = code("($total / count) ** 0.5")


class R2(OfNumbers, Metric):
    """The share of the target's variance that is explained: the coefficient of determination.

    `1 - sum((target - output) ** 2) / sum((target - mean(target)) ** 2)` over the whole split: 1
    where all is right, 0 for what is no better than the mean. Of several outputs the mean over
    those whose target varies. The sums are in float32: scale a target whose mean is a
    thousand times its standard deviation.

    Shapes: two that are equal, or a target that broadcasts to the output -> [] out of sums [4, n].
    """

    name = "r2"
    also = ("r_squared", "r2_score", "coefficient_of_determination")
    larger_is_better = True
    counts = True
    value = code("mean_r2($total)")

    def call_code(self, output: Type, target: Type) -> Code:
        axes = places_axes(output.with_shape(output.shape[:-1]))
        single = "" if output.shape else "[..., None]"
        wanted = number_target(output, target)
        if not output.shape:
            wanted = f"({wanted}){single}" if "[" in wanted else f"{wanted}{single}"
        return code(f"fit_sums($output{single}, {wanted}{axes})")


metrics.add(Accuracy, TopK, MeanIou, Precision, Recall, F1, EntityF1, ConfusionMatrix)
metrics.add(RocAuc, AveragePrecision, Perplexity)
metrics.add(MeanSquaredError, MeanAbsoluteError, Mse, Mae, Rmse, R2)
