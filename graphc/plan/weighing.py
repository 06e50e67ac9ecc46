"""Weights that make all classes count alike in a loss, once the data is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.span import Span
from graphc.ops.losses import BALANCED
from graphc.ops.training import Training

Place = Callable[..., Span]
_DIGITS = 6


def weighs_by_data(training: Training | None) -> bool:
    """Whether the data says what each class weighs."""
    return getattr(training and training.loss, "class_weights", None) == BALANCED


def check_weighing(training: Training, resampled: bool, place: Place, report: Report) -> None:
    """Report (GC425) where the data makes the classes count alike already."""
    if resampled and weighs_by_data(training):
        message = "classes that the data balances are balanced once more by the loss"
        help = "leave out one of `balance: true` and `class_weights: balanced`"
        report.error("GC425", message, _place(training, place), help=help)


def class_weights(
    training: Training | None, counts: Sequence[int] | None, place: Place
) -> tuple[float, ...] | None:
    """n / (k * n_c) for each of k classes, n_c of n examples; None where the data has no say.

    Raises:
        SpecError: GC425 for a class without examples.
    """
    if training is None or counts is None or not weighs_by_data(training):
        return None
    if 0 in counts:
        message = f"class {list(counts).index(0)} has no examples to train on, so it has no weight"
        help = "give the weights as numbers: `class_weights: [...]`"
        raise SpecError(Diagnostic("GC425", message, _place(training, place), help=help))
    total = sum(counts)
    return tuple(float(f"{total / (len(counts) * each):.{_DIGITS}g}") for each in counts)


def _place(training: Training, place: Place) -> Span:
    return place("train", "loss", training.loss.name, "class_weights")
