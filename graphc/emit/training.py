"""The functions of the emitted module beside its classes (docs/emitted-module.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from graphc.core.code import Code, code, copy_tree
from graphc.core.declaration import Declaration
from graphc.core.types import Type, is_uneven
from graphc.emit.construct import Class
from graphc.emit.filling import Key, fill
from graphc.emit.names import key_path
from graphc.emit.needs import Needs, Requirements
from graphc.emit.optimizing import Optimizing
from graphc.emit.templates import AVERAGED, INFERENCE, RUN, TEMPLATES, train_step
from graphc.emit.trees import call, name, part
from graphc.graph.graph import RESERVED_OF_NETWORKS, Graph, identifiers
from graphc.graph.weights import WeightMap
from graphc.ops.objectives import Metric
from graphc.plan.plan import Program, Term

BATCH = ("call", "graphdef", "forward")
TRAINING = (
    *("losses", "metrics", "sums", "means"),
    *("penalty", "optimizer", "init", "train_step", "evaluate_step"),
)
# The sum over the rows that are there; counts have axes of their own behind the batch.
TOTAL = code("jnp.sum(values, where=mask)")
TOTAL_OF_COUNTS = code("jnp.sum(values, axis=$points, where=present(mask, values))")
MASK = code('batch.get("mask", jnp.ones(each["loss"].shape, bool))')
MASK_OF_POINTS = code('present_points(batch, each["loss"].shape)')
MASK_OF_STEPS = code('present_steps(batch, each["loss"])')
MASK_OF_POINTS_OF_STEPS = code(
    'jnp.ones_like(each["loss"], bool) & present(present_steps(batch, each["loss"]), each["loss"])'
)
MEAN = code("$total / count")


def functions(
    program: Program,
    classes: Mapping[str, Class],
    words: Mapping[str, str],
    requirements: Requirements,
) -> list[ast.stmt]:
    """All of them for a program, `main` and its call at the end."""
    network = program.plan.network if program.plan else _outermost(program.networks, requirements)
    values: dict[str, ast.expr] = {
        "MODEL": _model(program, classes),
        "OUTPUTS": _outputs(
            program, network, words, requirements.of_graph(program.networks[network])
        ),
    }
    used = ["build", *BATCH]
    constants: list[ast.stmt] = []
    steps: dict[str, ast.FunctionDef] = {}
    if program.plan is not None and not program.inference:
        objective = program.plan.objectives[0]
        graph = program.networks[network]
        terms = {term.name: _term(term, graph) for term in objective.metrics}
        keys: list[ast.expr | None] = [part(word) for word in terms]
        values["LOSS"] = _term(objective.loss, graph)
        values["METRICS"] = ast.Dict(keys, list(terms.values()))
        counted = any(getattr(term.measure, "counts", False) for term in objective.metrics)
        kind = _types(objective.loss, graph)[0]
        points = len(kind.domain)
        total = TOTAL_OF_COUNTS if counted else TOTAL
        values["TOTAL"] = fill(total, {"points": tuple(range(points)) if points > 1 else 0})
        values["MASK"] = fill(_mask(kind), {})
        values["MEANS"] = _means((objective.loss, *objective.metrics), graph)
        optimizing = Optimizing(objective, WeightMap.of(program.networks), program.epoch_steps)
        values["OPTIMIZER"] = optimizing.rule
        constants = [*optimizing.constants()]
        update, penalized = objective.update, optimizing.penalty is not None
        steps["train_step"] = train_step(
            feedback=optimizing.feedback,
            search=optimizing.search,
            parts=update.parts > 1,
            loops=program.loops,
            penalty=penalized,
            average=update.average is not None,
        )
        if update.average is not None:
            steps |= AVERAGED
            values["KEPT"] = fill(code("1 - $average"), {"average": update.average})
        if optimizing.penalty is not None:
            values |= {"PENALTY": optimizing.penalty, "TABLE": optimizing.paths}
        values["PARTS"] = part(update.parts)
        used += [word for word in TRAINING if word != "penalty" or penalized]
    templates = TEMPLATES | (INFERENCE if program.inference else {}) | steps
    definitions = [_Holes(values).visit(copy_tree(templates[word])) for word in (*used, "main")]
    return [*constants, *definitions, *map(copy_tree, RUN)]


class _Holes(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _model(program: Program, classes: Mapping[str, Class]) -> ast.expr:
    """`Network(key=key)`, or a dict of them with a key of its own for each."""
    if set(program.networks) == {""}:
        return _made(classes[""], name("key"))
    modules = [_made(classes[network], Key(key_path(network)).tree) for network in program.networks]
    keys: list[ast.expr | None] = [_place(program, network) for network in program.networks]
    return call("nnx.Dict", [ast.Dict(keys, modules)])


def _made(made: Class, key: ast.expr) -> ast.expr:
    return call(made.name, **({"key": key} if made.keyed else {}))


def _outputs(program: Program, network: str, words: Mapping[str, str], needs: Needs) -> ast.expr:
    """The call of the network on the fields of the batch."""
    plan, graph = program.plan, program.networks[network]
    fields = dict(plan.inputs) if plan else {word: word for word, _ in graph.inputs}
    inputs = [
        ast.Subscript(name("batch"), part(fields[word]), ast.Load()) for word, _ in graph.inputs
    ]
    made = call(_module(program, network), inputs)
    key = Key(key_path(network) if network else ()).tree
    given = {}
    if not program.inference:
        given = {"train": needs.train and name("train"), "key": needs.key and key}
    steps = [each for each, (_, kind) in zip(inputs, graph.inputs, strict=True) if is_uneven(kind)]
    mask = ast.Attribute(name("batch"), "get", ast.Load()), [part("mask")]
    if steps:
        mask = "present_steps", [name("batch"), steps[0]]
    given["mask"] = needs.mask and call(*mask)
    for other, word in words.items():
        given[word] = other in needs.networks and _module(program, other)
    made.keywords = [ast.keyword(word, value) for word, value in given.items() if value]
    return made


def _place(program: Program, network: str) -> ast.expr:
    """The key of a network in the model."""
    return part(identifiers(program.networks, RESERVED_OF_NETWORKS)[network])


def _module(program: Program, network: str) -> ast.expr:
    if not network:
        return name("model")
    return ast.Subscript(name("model"), _place(program, network), ast.Load())


def _mask(kind: Type) -> Code:
    """The mask of the points of a loss over a value of this type."""
    if not is_uneven(kind):
        return MASK_OF_POINTS if len(kind.domain) > 1 else MASK
    return MASK_OF_STEPS if len(kind.domain) == 2 else MASK_OF_POINTS_OF_STEPS


def _term(term: Term, graph: Graph) -> ast.expr:
    """The expression of a loss or metric; one of several outputs is taken by its place."""
    output: ast.expr = name("outputs")
    if len(graph.outputs) > 1:
        output = ast.Subscript(output, part(_place_of_output(term, graph)), ast.Load())
    values = _attributes(term.measure)
    values["output"] = output
    values["target"] = ast.Subscript(name("batch"), part(term.target), ast.Load())
    return fill(term.measure.call_code(*_types(term, graph)), values)


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


def _outermost(networks: Mapping[str, Graph], requirements: Requirements) -> str:
    """The last network that no other one calls."""
    called = {word for graph in networks.values() for word in requirements.of_graph(graph).networks}
    return [network for network in networks if network not in called][-1]
