"""From a `train` section to a plan: the network, its data and its terms are matched and checked."""

from __future__ import annotations

from collections.abc import Mapping

from graphc.core.diagnostic import Diagnostic, Report, listing, similar
from graphc.core.span import Span
from graphc.core.types import (
    SENDERS,
    Type,
    are_lengths,
    is_beside,
    is_uneven,
    nodes_axis,
    point_axes,
)
from graphc.graph.graph import Graph
from graphc.graph.needed import called
from graphc.ops.networks import Role
from graphc.ops.training import Training
from graphc.plan.following import check_short, still
from graphc.plan.neighbours import LEFT_OUT, check_neighbours
from graphc.plan.pairs import check_pairs
from graphc.plan.plan import Objective, Place, Plan, Term
from graphc.plan.terms import Fields, terms_of
from graphc.plan.truncation import check_truncation
from graphc.plan.updates import make_update
from graphc.plan.watching import check_watched

_RESERVED = {"mask": "its own mask of padded rows"}


def make_plan(
    networks: Mapping[str, Graph],
    training: Training,
    fields: Fields | None,
    place: Place,
    report: Report,
    roles: Mapping[str, Role],
) -> Plan | None:
    """The plan of a spec with one objective; problems go to the report.

    Args:
        place: gives the span of a path of keys, for messages.
        roles: which of the networks are frozen.
    """
    before = len(report.errors)
    check_short(roles, place, report)
    if len(report.errors) > before:
        return None
    roots = _roots(networks)
    if len(roots) != 1:
        message = f"`loss` trains one network, and there are {len(roots)}: {listing(roots)}"
        help = "let one of them call the others, or write `objectives`"
        report.error("GC410", message, place("train", "loss"), help=help)
        return None
    if fields is None:
        report.diagnostics.append(no_data(place("train")))
        return None
    graph = networks[roots[0]]
    root = ("networks", roots[0]) if roots[0] else ("network",)
    inputs = _match_inputs(graph, root, fields, place, report)
    for word in dict.fromkeys((*(field for _, field in inputs), fields.target)):
        if own := _RESERVED.get(word, _beside(word)):
            message = f"the data's field `{word}` cannot be used under this name"
            help = f"rename the column or the array: a batch calls {own} so"
            report.error("GC408", message, place("data"), help=help)
    if training.mixup is not None:
        _check_mixing(graph, place, report)
    if training.accumulate > 1 and SENDERS in fields.types and training.neighbours is None:
        message = f"`accumulate: {training.accumulate}` needs several examples, and the data is one"
        help = "leave it out: a graph is gone through as a whole"
        report.error("GC210", f"{message} graph", place("train", "accumulate"), help=help)
    check_truncation(graph, place(*root), training, place, report)
    check_neighbours(graph, dict(inputs), training, fields.types, fields.target, place, report)
    if not check_pairs(networks, fields.types, report):
        return None
    terms = terms_of(graph, training, fields, place, report)
    update = make_update(training, networks, place, report, still(roles))
    if len(report.errors) == before:
        check_watched(training, terms, place, report)
    if len(report.errors) > before:
        return None
    _check_one_target(terms, training, place, report)
    if len(report.errors) > before:
        return None
    loss, *others = terms
    objective = Objective(
        loss, tuple(others), tuple(networks), training.optimizer, training.epochs, update
    )
    return Plan(roots[0], inputs, (objective,), still=still(roles))


def _check_one_target(terms: list[Term], training: Training, place: Place, report: Report) -> None:
    """Report (GC428) several targets of one graph whose nodes are learnt from a few at a time."""
    targets = list(dict.fromkeys(term.target for term in terms))
    if training.neighbours is not None and len(targets) > 1:
        message = f"`neighbours` draws nodes with one target, and here are {listing(targets)}"
        report.error("GC428", message, place("train", "neighbours"), help=LEFT_OUT)


def no_data(place: Span) -> Diagnostic:
    """The error GC411 of training without data."""
    help = "write `data: digits`, or `data: {csv: {path: flowers.csv, target: species}}`"
    return Diagnostic("GC411", "`train` needs `data`", place, help=help)


def _beside(word: str) -> str | None:
    """What a name is kept for that no field may have."""
    if are_lengths(word):
        return "the lengths of sequences"
    return "what belongs to its graphs" if is_beside(word) else None


def _roots(networks: Mapping[str, Graph]) -> list[str]:
    """The networks that no other one calls."""
    nodes = [node for graph in networks.values() for node in graph.nodes]
    used = {name for node in nodes for name in called(node.operation)}
    return [name for name in networks if name not in used]


def _match_inputs(
    graph: Graph, root: tuple[str, ...], fields: Fields, place: Place, report: Report
) -> tuple[tuple[str, str], ...]:
    matched = []
    for name, wanted in graph.inputs:
        declared = place(*root, "inputs", name)
        field, span = fields.names.get(name, (name, declared))
        given = fields.types.get(field)
        matched.append((name, field))
        if given is None:
            message = f"the data has no field `{field}`" + (
                f" for the input `{name}`" if field == name else ""
            )
            known = [each for each in fields.types if not is_beside(each)]
            help = similar(field, known, "field") or (
                f"its fields are {listing(known)}; write `data: {{..., inputs: {{{name}: ...}}}}`"
            )
            report.error("GC406", message, span, help=help)
        elif _form(given) != _form(wanted):
            message = f"the input `{name}` is {wanted}, but the data's `{field}` is {given}"
            report.error("GC405", message, declared, help=f"write `{name}: {_spelled(given)}`")
    known = dict(graph.inputs)
    for name in fields.names:
        if name not in known:
            help = similar(name, known, "input") or f"its inputs are {listing(known)}"
            span = place("data", "inputs", name)
            report.error("GC406", f"the network has no input `{name}`", span, help=help)
    return tuple(matched)


def _check_mixing(graph: Graph, place: Place, report: Report) -> None:
    """Report (GC424) inputs of which there is no mixture."""
    for name, kind in graph.inputs:
        of_nodes = nodes_axis(kind) is not None
        if kind.dtype != "float" or is_uneven(kind) or of_nodes:
            what = "a sequence of any length" if is_uneven(kind) else str(kind)
            what = "a value for each node of a graph" if of_nodes else what
            message = f"`mixup` mixes numbers, but the input `{name}` is {what}"
            help = "leave it out: the mean of two such values means nothing"
            report.error("GC424", message, place("train", "mixup"), help=help)


def _form(kind: Type) -> tuple:
    """What the data and an input agree about; whether steps may be absent the data says."""
    return kind.shape, kind.dtype, kind.below, kind.domain


def _spelled(kind: Type) -> str:
    words = [*(axis.name for axis in point_axes(kind)), *map(str, kind.shape)]
    shape = f"[{', '.join(words)}]"
    if kind.dtype == "float":
        return shape
    below = f", below: {kind.below}" if kind.below else ""
    return f"{{{kind.dtype}: {shape}{below}}}"
