"""What a run watches on its validation split: for its best checkpoint and for its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphc.core.diagnostic import Diagnostic, Report, listing, similar
from graphc.core.span import Span
from graphc.ops.training import Training
from graphc.plan.plan import Objective, Term


def watched(training: Training, objective: Objective) -> tuple[str, bool]:
    """The metric by which checkpoints are compared, and whether a larger one is better."""
    stopping = training.early_stopping
    if stopping is None or stopping.metric is None:
        return objective.monitor
    terms = {term.name: term for term in objective.metrics}
    measure = terms[stopping.metric].measure if stopping.metric in terms else None
    return stopping.metric, getattr(measure, "larger_is_better", False)


def no_validation(place: Callable[..., Span]) -> Diagnostic:
    """The error GC431 of a run that would watch a split that is not there."""
    message = "early stopping needs a validation split, and the data has none"
    help = "hold one out: `data: {NAME: {validation: 0.1}}`"
    return Diagnostic("GC431", message, place("train", "early_stopping"), help=help)


def check_watched(
    training: Training, terms: Sequence[Term], place: Callable[..., Span], report: Report
) -> None:
    """Report GC430 where early stopping names what is not measured."""
    stopping = training.early_stopping
    if stopping is None or stopping.metric is None:
        return
    names = [term.name for term in terms if getattr(term.measure, "is_number", True)]
    if stopping.metric not in names:
        measured = any(term.name == stopping.metric for term in terms)
        what = "is not a single number" if measured else "is not measured"
        message = f"early stopping watches `{stopping.metric}`, which {what}"
        help = similar(stopping.metric, names, "metric") or f"measured are {listing(names)}"
        span = place("train", "early_stopping", "metric")
        report.error("GC430", message, span, help=help)
