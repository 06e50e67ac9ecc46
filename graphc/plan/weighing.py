"""Weights that make all classes count alike in a loss, once the data is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.span import Span
from graphc.graph.graph import Graph
from graphc.ops.losses import BALANCED
from graphc.ops.objectives import Loss
from graphc.ops.tasks import ByOutput
from graphc.ops.training import Training
from graphc.plan.plan import Plan

Place = Callable[..., Span]
_DIGITS = 6


def leaves_weights(loss: object) -> bool:
    """Whether a loss leaves it to the data what each class weighs."""
    return getattr(loss, "class_weights", None) == BALANCED


def weighs_by_data(training: Training | None, plan: Plan | None) -> bool:
    """Whether the data says what each class weighs."""
    among_values = plan is not None and plan.round is not None and plan.round.classes is not None
    own = [] if training is None else [loss for _, loss in _losses(training)]
    return among_values or any(map(leaves_weights, own))


def weighing(
    graph: Graph, fields: Mapping[str, str], target: str, report: Report
) -> tuple[int, Span] | tuple[()]:
    """How many classes the data weighs in the losses among values, and where; () where it does not.

    Args:
        graph: of training.
        fields: what the data calls those of its inputs that have another name.
        target: the field whose classes the data counts; GC425 for a loss against another value.
    """
    nodes = [node for node in graph.nodes if leaves_weights(node.operation)]
    for node in nodes:
        against = node.references[1].node
        if against not in dict(graph.inputs) or fields.get(against, against) != target:
            message = f"classes are counted in `{target}`, and `{against}` is another value"
            help = f"compare with `{target}`, or write a step with `class_weights: [...]`"
            report.error("GC425", message, node.span, help=help)
    return (graph.types[nodes[0].references[0]].features, nodes[0].span) if nodes else ()


def check_weighing(
    training: Training,
    plan: Plan | None,
    resampled: bool,
    target: str,
    place: Place,
    report: Report,
) -> None:
    """Report (GC425) where the data makes the classes count alike already, or does not count them.

    Args:
        target: the field whose classes it counts.
    """
    if resampled and weighs_by_data(training, plan):
        message = "classes that the data balances are balanced once more by the loss"
        help = "leave out one of `balance: true` and `class_weights: balanced`"
        report.error("GC425", message, _place(training, plan, place), help=help)
    for keys, loss in _losses(training):
        own = getattr(loss, "target", None)
        if leaves_weights(loss) and own not in (None, target):
            message = f"classes are counted in the target of the data, and `{own}` is another field"
            help = "give the weights as numbers: `class_weights: [...]`"
            report.error("GC425", message, place(*keys, loss.name, "class_weights"), help=help)


def class_weights(
    training: Training | None, plan: Plan | None, counts: Sequence[int] | None, place: Place
) -> tuple[float, ...] | None:
    """n / (k * n_c) for each of k classes, n_c of n examples; None where the data has no say.

    Raises:
        SpecError: GC425 for a class without examples.
    """
    if training is None or counts is None or not weighs_by_data(training, plan):
        return None
    if 0 in counts:
        message = f"class {list(counts).index(0)} has no examples to train on, so it has no weight"
        help = "give the weights as numbers: `class_weights: [...]`"
        raise SpecError(Diagnostic("GC425", message, _place(training, plan, place), help=help))
    total = sum(counts)
    return tuple(float(f"{total / (len(counts) * each):.{_DIGITS}g}") for each in counts)


def _place(training: Training, plan: Plan | None, place: Place) -> Span:
    """Where the loss stands."""
    if plan is not None and plan.round is not None:
        return plan.round.weighed
    keys, loss = next(each for each in _losses(training) if leaves_weights(each[1]))
    return place(*keys, loss.name, "class_weights")


def _losses(training: Training) -> Iterator[tuple[tuple[str, ...], Loss]]:
    """The losses of the short form, and where they stand."""
    if isinstance(training.loss, ByOutput):
        for port, loss in training.loss.entries:
            yield ("train", "loss", port), loss
    elif training.loss is not None:
        yield ("train", "loss"), training.loss
