"""What a run watches on its validation split: for its best checkpoint and for its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphc.core.diagnostic import Diagnostic, Report, listing, similar
from graphc.core.span import Span
from graphc.ops.training import Training
from graphc.plan.plan import Plan, Term


def watched(training: Training, plan: Plan) -> tuple[str, bool]:
    """The metric by which checkpoints are compared, and whether a larger one is better."""
    stopping = training.early_stopping
    if stopping is None or stopping.metric is None:
        return plan.objectives[0].monitor
    return stopping.metric, direction(stopping.metric, plan)


def direction(name: str, plan: Plan) -> bool:
    """Whether a larger value of what is measured is better; the loss is to be small."""
    terms = {term.name: term for term in plan.terms}
    measure = terms[name].measure if name in terms else None
    return getattr(measure, "larger_is_better", False)


def no_validation(who: str, place: Span) -> Diagnostic:
    """The error GC431 of what would watch a split that is not there."""
    message = f"{who} needs a validation split, and the data has none"
    help = "hold one out: `data: {NAME: {validation: 0.1}}`"
    return Diagnostic("GC431", message, place, help=help)


def check_watched(
    training: Training, terms: Sequence[Term], place: Callable[..., Span], report: Report
) -> None:
    """Report GC430 where early stopping names what is not measured."""
    stopping = training.early_stopping
    if stopping is not None and stopping.metric is not None:
        span = place("train", "early_stopping", "metric")
        check_measured(stopping.metric, terms, "early stopping", span, report)


def check_named(name: str | None, terms: Sequence[Term], who: str, span: Span, report: Report):
    """Report GC430 where `who` does not say which number of several objectives it watches."""
    if name is None:
        names = [term.name for term in terms]
        message = f"{who} does not say what it watches, and there are several objectives"
        report.error("GC430", message, span, help=f"name one: measured are {listing(names)}")


def check_measured(name: str, terms: Sequence[Term], who: str, span: Span, report: Report) -> None:
    """Report GC430 where `who` watches what is not measured, or is no single number."""
    names = [term.name for term in terms if getattr(term.measure, "is_number", True)]
    if name not in names:
        measured = any(term.name == name for term in terms)
        what = "is not a single number" if measured else "is not measured"
        message = f"{who} watches `{name}`, which {what}"
        help = similar(name, names, "metric") or f"measured are {listing(names)}"
        report.error("GC430", message, span, help=help)
