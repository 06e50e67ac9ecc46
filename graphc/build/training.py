"""The graph of training: values and objectives over the fields of the data, as one network more.

It calls the networks of the spec; its outputs are the numbers that objectives make small or large,
all values that are one number for each point, which are measured beside them, and those that are
looked at. What is only looked at is never in training mode: it moves no statistics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphc.build import syntax
from graphc.build.assembly import Assembly, Scope
from graphc.build.context import Context
from graphc.build.expand import Expander
from graphc.build.formula import parse
from graphc.build.formulas import expand_formula
from graphc.build.library import Library
from graphc.build.parameters import Environment
from graphc.build.steps import check_name, not_yet, read_node
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Span
from graphc.core.tree import Scalar, scalars
from graphc.core.types import NODES, Type, counted_over, is_beside
from graphc.graph.calls import NetworkCall
from graphc.graph.graph import Graph
from graphc.graph.needed import needed
from graphc.graph.node import Ref
from graphc.ops.measures import MeanOfPoints, measuring
from graphc.ops.training import Training

_WORD = re.compile(r"[A-Za-z_]\w*")
TRAINING = "training"
"""The name of the network that the values and objectives are."""
SAMPLE = ":sample"
"""What stands behind the name of an output that is only looked at."""


@dataclass(frozen=True)
class TrainingGraph:
    """What training computes.

    Args:
        graph: its inputs are the fields that it reads; its outputs are called as the objectives,
            and after them as the values that are measured, and those that are looked at.
        measured: the names of the values that are measured.
        sampled: the names of those that are looked at.
    """

    graph: Graph
    measured: tuple[str, ...]
    sampled: tuple[str, ...] = ()


def training_graph(
    expander: Expander,
    library: Library,
    training: Training,
    fields: Mapping[str, Type],
    place: Span,
) -> TrainingGraph | None:
    """The graph of the values and objectives; None where they have errors, which are reported.

    Args:
        fields: of the data.
        place: where `train` stands.
    """
    report, before = expander.report, len(expander.report.errors)
    if counted_over(NODES.name) in fields:
        error = not_yet("`objectives` over the nodes of one graph", syntax.Reference("", place))
        report.diagnostics += error.diagnostics
        return None
    inputs = {name: fields[name] for name in sorted(fields) if not is_beside(name)}
    read = _words(training)
    beside = min(inputs, key=lambda name: (name not in read, inputs[name].size, name))
    assembly = Assembly(TRAINING, inputs)
    scope = Scope(assembly, {name: Ref(name) for name in inputs})
    context = Context(
        expander,
        replace(library, measures=measuring),
        Environment(expander.parameters, inputs),
        examples=Ref(beside),
    )
    if TRAINING in library.networks:
        message = f"no network can be called `{TRAINING}` beside `objectives`"
        place = library.networks[TRAINING].span
        report.error("GC222", message, place, help="the values and objectives are; rename it")
    written = () if training.values is None else training.values.entries
    for name, _ in written:
        report.attempt(_check, name, fields)
    nodes = tuple((name, report.attempt(read_node, tree, report)) for name, tree in written)
    expander.nodes(syntax.Section(place, nodes=nodes), scope, context)
    outputs = tuple(_objectives(training, scope, context))
    measured = tuple(_measured(training, scope))
    sampled = tuple(_sampled(training, scope, context))
    if len(report.errors) > before:
        return None
    own = (*outputs, *measured)
    looked_at = ((f"{name}{SAMPLE}", ref) for name, ref in sampled)
    graph = _still(assembly.finish((*own, *looked_at)), [ref for _, ref in own])
    names = (tuple(name for name, _ in several) for several in (measured, sampled))
    return TrainingGraph(_reading(graph, beside), *names)


def _words(training: Training) -> set[str]:
    """The words that stand in its values and formulas."""
    written = [player.formula for _, player in training.objectives]
    several = (*scalars(training.values), *written)
    return {word for each in several for word in _WORD.findall(each.text)}


def _objectives(training: Training, scope: Scope, context: Context) -> Iterator[tuple[str, Ref]]:
    """The number of each objective, whose node is called after it."""
    for name, player in sorted(training.objectives):
        word = scope.assembly.free_name(f"{name}_{'gain' if player.maximize else 'loss'}")
        made = context.expander.attempt(_number, player.formula, word, scope, context)
        if made is not None:
            yield name, made


def _measured(training: Training, scope: Scope) -> Iterator[tuple[str, Ref]]:
    """The means of the values that are one number for each point, but for the objectives' names."""
    taken = {name for name, _ in training.objectives}
    written = () if training.values is None else training.values.entries
    for key, _ in sorted(written, key=lambda each: each[0].text):
        ref = scope.names.get(key.text)
        if key.text not in taken and ref is not None and _is_number(ref, scope.assembly):
            yield key.text, _mean(ref, key.text, key.span, scope.assembly)


def _sampled(training: Training, scope: Scope, context: Context) -> Iterator[tuple[str, Ref]]:
    """The values that are looked at."""
    written = () if training.samples is None else training.samples.values
    for name, _ in sorted(written, key=lambda each: each[0].text):
        ref = context.expander.attempt(scope.now, syntax.Reference(name.text, name.span))
        if ref is not None:
            yield name.text, ref


def _still(graph: Graph, trained: Iterable[Ref]) -> Graph:
    """The graph, whose calls of networks that no trained value is made of are still."""
    moving = {node.name for node in needed(graph, trained)}
    nodes = tuple(
        replace(node, operation=replace(node.operation, still=True))
        if isinstance(node.operation, NetworkCall) and node.name not in moving
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _check(name: Scalar, fields: Mapping[str, Type]) -> None:
    """Raise GC222 for a value that has the name of a field of the data."""
    check_name(name)
    if name.text in fields:
        message = f"`{name.text}` is a field of the data already"
        raise SpecError(Diagnostic("GC222", message, name.span, help="choose another name"))


def _number(formula: Scalar, word: str, scope: Scope, context: Context) -> Ref:
    """The mean of a formula over all points."""
    ref = expand_formula(parse(formula), word, scope, context)
    kind = scope.assembly.types[ref]
    if kind.dtype != "float" or kind.shape not in ((), (1,)):
        message = f"an objective is one number for each point, and this is {kind}"
        help = "take the mean or the sum of its features: `mean(...)`"
        raise SpecError(Diagnostic("GC433", message, formula.span, help=help))
    return _mean(ref, word, formula.span, scope.assembly)


def _mean(ref: Ref, word: str, span: Span, assembly: Assembly) -> Ref:
    return assembly.add(f"{word}:mean", MeanOfPoints(), (ref,), span, named=False)


def _is_number(ref: Ref, assembly: Assembly) -> bool:
    """Whether a value is one number for each point, that the spec computes."""
    kind = assembly.types[ref]
    return kind.dtype == "float" and kind.shape == () and ref.node in assembly.nodes


def _reading(graph: Graph, beside: str) -> Graph:
    """The graph with those inputs alone that it reads: one at least, which says how many rows."""
    refs = [
        *(ref for node in graph.nodes for ref in node.references),
        *dict(graph.outputs).values(),
    ]
    read = {ref.node for ref in refs}
    used = tuple(each for each in graph.inputs if each[0] in read)
    return replace(graph, inputs=used or tuple(each for each in graph.inputs if each[0] == beside))
