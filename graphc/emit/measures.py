"""The losses and metrics of the emitted module: of each example, their sums and what these say."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import reduce

from graphc.core.code import code, literal
from graphc.core.declaration import Declaration
from graphc.core.types import Type, nodes_axis, uneven_axes
from graphc.emit.calls import present_steps
from graphc.emit.filling import fill
from graphc.emit.functions import Functions
from graphc.emit.masks import placed
from graphc.emit.optimizing import constant
from graphc.emit.templates import OF_TASKS
from graphc.emit.trees import call, name, part
from graphc.graph.graph import Graph
from graphc.ops.objectives import Metric
from graphc.plan.plan import Objective, Program, Term
from graphc.plan.weighing import leaves_weights

MEASURES = ("losses", "metrics", "sums", "means")
# The sum over the rows that are there; counts have axes of their own behind the batch.
TOTAL = code("jnp.sum(values, where=mask)")
TOTAL_OF_COUNTS = code("jnp.sum(values, axis=$points, where=present(mask, values))")
LOSS = code('each["loss"]')
MASK = code('batch.get("mask", jnp.ones(each["loss"].shape, bool))')
MASK_OF_POINTS = code('present_points(batch, each["loss"].shape)')
POINTS_OF_STEPS = code('jnp.ones_like(each["loss"], bool) & present($steps, each["loss"])')
MEAN = code("$total / count")
WEIGHTS = "CLASS_WEIGHTS"


def measures(program: Program, objective: Objective, graph: Graph) -> Functions:
    """The functions that measure the outputs of the graph of a network."""
    tasks = objective.tasks
    terms = {term.name: _term(term, graph) for term in objective.metrics if term not in tasks}
    kind = _types(objective.loss, graph)[0]
    of_tasks = {term.name: _term(term, graph) for term in tasks}
    loss = _sum(tasks) if tasks else _term(objective.loss, graph)
    metrics = _dict(terms)
    if tasks:
        found = call("task_losses", [name("outputs"), name("batch")])
        metrics = ast.BinOp(found, ast.BitOr(), metrics) if terms else found
    values: dict[str, ast.expr] = {
        "LOSS": loss,
        "TASKS": _dict(of_tasks),
        "METRICS": metrics,
        "TOTAL": _total(objective, kind),
        "MASK": _mask(kind, objective.loss.counted),
        "MEANS": _means((objective.loss, *objective.metrics), graph),
    }
    trees = list(of_tasks.values()) or [loss]
    constants = _class_weights(trees, program.class_weights, _classes(objective, graph))
    if not tasks:
        return Functions(MEASURES, values, constants=tuple(constants))
    return Functions(("task_losses", *MEASURES), values, OF_TASKS, tuple(constants))


def _total(objective: Objective, kind: Type) -> ast.expr:
    """The sum of a measure over a batch of outputs of this type."""
    counted = any(getattr(term.measure, "counts", False) for term in objective.metrics)
    points = len(kind.domain)
    total = TOTAL_OF_COUNTS if counted else TOTAL
    return fill(total, {"points": tuple(range(points)) if points > 1 else 0})


def _mask(kind: Type, counted: str | None) -> ast.expr:
    """The mask of the points of a loss over a value of this type, of those that count."""
    there, axis = _present(kind), nodes_axis(kind)
    if counted is None or axis is None:
        return there
    field = ast.Subscript(name("batch"), part(counted), ast.Load())
    place = kind.domain.index(axis)
    return ast.BinOp(there, ast.BitAnd(), placed(field, place, len(kind.domain) - 1))


def _present(kind: Type) -> ast.expr:
    """The mask of the points that are there."""
    axes = uneven_axes(kind)
    if not axes:
        return fill(MASK_OF_POINTS if len(kind.domain) > 1 else MASK, {})
    mask = present_steps(axes[0].name, fill(LOSS, {}))
    return mask if len(kind.domain) == 2 else fill(POINTS_OF_STEPS, {"steps": mask})


def _term(term: Term, graph: Graph) -> ast.expr:
    """The expression of a loss or metric; one of several outputs is taken by its place."""
    output: ast.expr = name("outputs")
    if len(graph.outputs) > 1:
        output = ast.Subscript(output, part(_place_of_output(term, graph)), ast.Load())
    values = _attributes(term.measure)
    values["output"] = output
    values["target"] = ast.Subscript(name("batch"), part(term.target), ast.Load())
    return fill(term.measure.call_code(*_types(term, graph)), values)


def _dict(several: Mapping[str, ast.expr]) -> ast.expr:
    return ast.Dict([part(word) for word in several], list(several.values()))


def _sum(tasks: Iterable[Term]) -> ast.expr:
    """The weighted sum of the losses of several outputs."""
    return reduce(lambda one, other: ast.BinOp(one, ast.Add(), other), map(_weighted, tasks))


def _weighted(task: Term) -> ast.expr:
    loss = ast.Subscript(name("each"), part(task.name), ast.Load())
    weight = getattr(task.measure, "weight", 1.0)
    return loss if weight == 1 else ast.BinOp(literal(weight), ast.Mult(), loss)


def _class_weights(
    losses: Iterable[ast.expr], weights: tuple[float, ...] | None, classes: int
) -> Iterable[ast.stmt]:
    """The weights of classes, where a loss names them."""
    nodes = (node for loss in losses for node in ast.walk(loss))
    if not any(isinstance(node, ast.Name) and node.id == WEIGHTS for node in nodes):
        return ()
    return class_weights(weights, classes)


def class_weights(weights: tuple[float, ...] | None, classes: int) -> Iterable[ast.stmt]:
    """The constant of the weights of classes; all alike as long as they are not known."""
    text = "What each class counts in the loss"
    if weights is None:
        text += ": `graphc train` puts in the weights of the data that it loads"
        weights = (1.0,) * classes
    return constant(WEIGHTS, literal(weights), f"{text}.")


def _classes(objective: Objective, graph: Graph) -> int:
    """How many classes the data weighs, where a loss leaves that to it."""
    terms = [term for term in objective.tasks if leaves_weights(term.measure)]
    return _types((terms or [objective.loss])[0], graph)[0].features


def _place_of_output(term: Term, graph: Graph) -> int:
    ports = [port for port, _ in graph.outputs]
    return ports.index(term.output) if term.output in ports else 0


def _types(term: Term, graph: Graph) -> tuple[Type, Type]:
    """The types of the output and of the target."""
    output = graph.types[graph.outputs[_place_of_output(term, graph)][1]]
    return output, term.target_type or output


def _attributes(declaration: Declaration) -> dict[str, object]:
    return {each.name: getattr(declaration, each.name) for each in declaration.attributes()}


def _means(terms: Iterable[Term], graph: Graph) -> ast.expr:
    """The number of each term, out of its total."""
    numbers = {}
    for term in terms:
        total = ast.Subscript(name("totals"), part(term.name), ast.Load())
        measure = term.measure
        value = measure.value_code(*_types(term, graph)) if isinstance(measure, Metric) else None
        numbers[term.name] = fill(value or MEAN, {"total": total})
    return ast.Dict([part(word) for word in numbers], list(numbers.values()))
