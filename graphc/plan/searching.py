"""Whether a search can be made, and by what its trials are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from graphc.core.diagnostic import Diagnostic, Note, Report, listing
from graphc.core.span import Span
from graphc.core.tree import Scalar, Sequence, Tree
from graphc.ops.search import MOST_TRIALS, Search
from graphc.ops.training import Training
from graphc.plan.plan import Plan
from graphc.plan.sampling import Values, chosen, combinations, extremes, trials_of
from graphc.plan.watching import check_measured, check_named, direction, watched

Place = Callable[..., Span]


def check_search(
    search: Search, training: Training | None, plan: Plan | None, place: Place, report: Report
) -> None:
    """Report GC440 for a search that cannot be made, GC430 for one by what is not measured."""
    if training is None or plan is None:
        help = "add `train: {loss: ..., epochs: ...}` and `data: ...`"
        report.error("GC440", "there is nothing to train", place("search"), help=help)
        return
    if (count := trials_of(search)) > MOST_TRIALS:
        message = f"a search has at most {MOST_TRIALS:,} trials, and this one {count:,}"
        help = "write `method: random`, which tries some of the combinations"
        word = "over" if search.kind == "grid" else "trials"
        report.error("GC440", message, place("search", word), help=help)
    elif count > (different := combinations(search)):
        message = f"{count} trials of {different:,.0f} combinations: some are tried twice"
        help = "write `method: grid`, which tries each once, or fewer `trials`"
        report.warn("GC441", message, place("search", "trials"), help=help)
    if search.halving is not None:
        _check_halving(search, training, place, report)
    if search.monitor is not None:
        where = place("search", "monitor")
        check_measured(search.monitor, plan.terms, "the search", where, report)
    elif len(plan.objectives) > 1 and training.early_stopping is None:
        check_named(None, plan.terms, "the search", place("search"), report)


def _check_halving(search: Search, training: Training, place: Place, report: Report) -> None:
    assert search.halving is not None
    first, epochs = search.halving.epochs, training.epochs
    if first >= epochs:
        message = f"the first round is {first} epochs, and a whole run {epochs}"
        help = "shorten the round, or train for more `epochs`"
        report.error("GC440", message, place("search", "halving"), help=help)
    for each in search.over:
        if each.path.text == "train.epochs":
            message = "`halving` says how long trials are trained"
            help = "leave `train.epochs` out of `over`, or `halving`"
            report.error("GC440", message, each.path.span, help=help)


def judged(search: Search, training: Training, plan: Plan) -> tuple[str, bool]:
    """The metric that trials are compared by, and whether a larger one is better."""
    if search.monitor is None:
        return watched(training, plan)
    return search.monitor, direction(search.monitor, plan)


def samples(search: Search) -> Iterator[Values]:
    """Trials in which each value of a list and both ends of a range are once; the first of many."""
    yield from islice(_samples(search), MOST_TRIALS)


def _samples(search: Search) -> Iterator[Values]:
    several = [extremes(each) for each in search.over]
    first = tuple(each[0] for each in several)
    yield chosen(search, first)
    for i, found in enumerate(several):
        for each in found[1:]:
            yield chosen(search, (*first[:i], each, *first[i + 1 :]))


def in_trial(problem: Diagnostic, search: Search, values: Values) -> Diagnostic:
    """A problem of a trial, with the values of that trial where it does not stand at one itself."""
    pairs = list(zip(search.over, values, strict=True))
    for setting, value in pairs:
        if problem.span is not None and _within(problem.span, setting.path.span, value.span):
            return problem
    texts = (f"{setting.path.text} = {_text(value)}" for setting, value in pairs)
    note = Note(f"in a trial with {listing(texts)}", search.over[0].path.span)
    return replace(problem, notes=(*problem.notes, note))


def _within(span: Span, *others: Span) -> bool:
    """Whether a place is inside one of the others, of the same file."""
    start = (span.line, span.column)
    return any(
        each.source.name == span.source.name
        and (each.line, each.column) <= start < (each.end_line, each.end_column)
        for each in others
    )


def _text(value: Tree) -> str:
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_text, value))}]"
    return f"{{{', '.join(f'{key.text}: {_text(each)}' for key, each in value)}}}"
