"""What is measured of one network: its losses and metrics, of one output or of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphc.core.diagnostic import Note, Report, listing, similar
from graphc.core.operation import Logits, ShapeError
from graphc.core.registry import metrics as known_metrics
from graphc.core.span import Span
from graphc.core.types import Type, counted_over, is_beside, nodes_axis
from graphc.graph.graph import Graph
from graphc.graph.node import Ref
from graphc.ops.objectives import Loss, Metric
from graphc.ops.tasks import ByOutput, OfOutput
from graphc.ops.training import Training
from graphc.plan.plan import Place, Term


@dataclass(frozen=True)
class Fields:
    """What the data offers.

    Args:
        types: the fields and their types.
        target: the one that losses compare with.
        names: for network inputs whose field has another name, that name and where it stands.
    """

    types: Mapping[str, Type]
    target: str
    names: Mapping[str, tuple[str, Span]]


@dataclass(frozen=True)
class _Task:
    """The loss of an output, and what is measured beside it.

    Args:
        port: the output; None for that of the short form with one loss, which is the first.
        keys: where the loss stands below `train`.
        chosen: the metrics that the spec names; None for those that suit.
        keys_of_metrics: where these stand.
    """

    port: str | None
    loss: Loss
    keys: tuple[str, ...]
    chosen: tuple[Metric, ...] | None
    keys_of_metrics: tuple[str, ...]

    @property
    def target(self) -> str | None:
        """The field that it names."""
        return self.loss.target if isinstance(self.loss, OfOutput) else None

    def called(self, name: str) -> str:
        """What results call a measure of it."""
        return name if self.port is None else f"{self.port}_{name}"


def terms_of(
    graph: Graph, training: Training, fields: Fields, place: Place, report: Report
) -> list[Term]:
    """The loss, then the losses of outputs where there are several, then the metrics."""
    several = [
        list(_terms(task, graph, fields, place, report))
        for task in _tasks(graph, training, place, report)
    ]
    found = [each for each in several if each]
    if not isinstance(training.loss, ByOutput) or not found:
        return [term for terms in found for term in terms]
    losses = [terms[0] for terms in found]
    _check_points(losses, graph, report)
    metrics = [term for terms in found for term in terms[1:]]
    return [replace(losses[0], name="loss"), *losses, *metrics]


def _tasks(graph: Graph, training: Training, place: Place, report: Report) -> Iterator[_Task]:
    """What is said of each output, in the order of the outputs."""
    loss, chosen = training.loss, training.metrics
    if not isinstance(loss, ByOutput):
        assert loss is not None and not isinstance(chosen, ByOutput)
        keys = "loss" if chosen is None else "metrics"
        yield _Task(None, loss, ("loss",), chosen, (keys,))
        return
    metrics = dict(chosen.entries) if isinstance(chosen, ByOutput) else {}
    ports = [port for port, _ in graph.outputs]
    _check_ports("loss", dict(loss.entries), ports, place, report)
    _check_ports("metrics", metrics, ports, place, report)
    for port in [each for each in metrics if each in ports and each not in dict(loss.entries)]:
        message = f"the output `{port}` has metrics and no loss"
        help = f"write a loss for `{port}`, or leave its metrics out"
        report.error("GC204", message, place("train", "metrics", port), help=help)
    order = {port: number for number, (port, _) in enumerate(graph.outputs)}
    for port, each in sorted(loss.entries, key=lambda entry: order.get(entry[0], 0)):
        own = metrics.get(port, None if chosen is None else ())
        if port in order:
            keys = ("loss", port) if chosen is None else ("metrics", port)
            yield _Task(port, each, ("loss", port), own, keys)


def _check_ports(
    word: str, given: Mapping[str, object], known: list[str], place: Place, report: Report
) -> None:
    """Report (GC204) what is said of an output that is none of these."""
    for port in given:
        if port not in known:
            help = similar(port, known, "output") or f"they are {listing(known)}"
            span = place("train", word, port)
            report.error("GC204", f"there is no output `{port}`", span, help=help)


def _terms(
    task: _Task, graph: Graph, fields: Fields, place: Place, report: Report
) -> Iterator[Term]:
    """The loss of an output and its metrics; what does not fit goes to the report."""
    port, ref = next(each for each in graph.outputs if task.port in (None, each[0]))
    word = task.target or fields.target
    output, target = graph.types[ref], fields.types.get(word)
    if target is None:
        _report_target(word, task, fields, place, report)
        return
    chosen = task.chosen
    if chosen is None:
        chosen = tuple(known_metrics[name]() for name in task.loss.metrics)
    measures: list[tuple[str, Loss, Span]] = [("loss", task.loss, place("train", *task.keys))]
    span = place("train", *task.keys_of_metrics)
    measures += [(name, each, span) for name, each in _named(chosen).items()]
    output_port = None if len(graph.outputs) == 1 else port
    counted = _counted(target, fields)
    for name, measure, where in measures:
        try:
            measure.check(output, target)
        except ShapeError as error:
            if task.chosen is None and measure is not task.loss:
                continue  # a metric that nobody named
            notes = [_output_note(graph, ref)]
            report.error("GC404", error.message, where, notes=notes, help=error.help)
        yield Term(task.called(name), measure, output_port, word, where, target, counted)
    _warn_of_logits(graph, ref, task.loss, report)


def _report_target(word: str, task: _Task, fields: Fields, place: Place, report: Report) -> None:
    known = [each for each in fields.types if not is_beside(each)]
    help = similar(word, known, "field") or f"its fields are {listing(known)}"
    span = place("train", *task.keys, task.loss.name, "target")
    report.error("GC406", f"the data has no field `{word}` to compare with", span, help=help)


def _check_points(losses: list[Term], graph: Graph, report: Report) -> None:
    """Report (GC404) losses that are not of the same points, for they are added point by point."""
    outputs = dict(graph.outputs)
    first = losses[0]
    for other in losses[1:]:
        kinds = [graph.types[outputs[str(each.output)]] for each in (first, other)]
        if kinds[0].domain != kinds[1].domain or first.counted != other.counted:
            message = (
                f"losses are added up point by point, but `{first.output}` is {kinds[0]} and"
                f" `{other.output}` is {kinds[1]}"
            )
            help = "write `objectives`, where each loss is a mean of its own"
            report.error("GC404", message, other.span, help=help)


def _counted(target: Type, fields: Fields) -> str | None:
    """The field that says at which nodes the target counts, where the data has one."""
    axis = nodes_axis(target)
    field = counted_over(axis.name) if axis else None
    return field if field in fields.types else None


def _named(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Metrics by what results call them; those of one name are told apart by their attributes."""
    several = list(dict.fromkeys(metrics))
    counts = Counter(each.name for each in several)
    return {_name(each) if counts[each.name] > 1 else each.name: each for each in several}


def _name(metric: Metric) -> str:
    values = [getattr(metric, each.name) for each in metric.attributes()]
    return "_".join([metric.name, *(str(value) for value in values if value is not None)])


def _output_note(graph: Graph, ref: Ref) -> Note:
    node = graph.by_name.get(ref.node)
    what = node.operation.name if node is not None and not node.named else ref
    return Note(f"the output {graph.types[ref]} comes from `{what}`", node.span if node else None)


def _warn_of_logits(graph: Graph, ref: Ref, loss: Loss, report: Report) -> None:
    node = graph.by_name.get(ref.node)
    if node is None or not loss.takes_logits:
        return
    last = getattr(node.operation, "activation", None) or node.operation
    if last.trait(Logits) is not None:
        message = f"`{loss.name}` takes logits, but the output ends in `{last.name}`"
        help = f"leave `{last.name}` out: {loss.without}"
        report.warn("GC407", message, node.span, help=help)
