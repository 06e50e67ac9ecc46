"""The functions of the emitted module beside its classes (docs/emitted-module.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from graphc.core.code import code, copy_tree, literal
from graphc.core.forms import PRODUCTS, YNNPACK
from graphc.emit.calls import batches, steps
from graphc.emit.construct import Class
from graphc.emit.filling import fill
from graphc.emit.functions import Functions
from graphc.emit.measures import measures
from graphc.emit.needs import Requirements
from graphc.emit.optimizing import Optimizing, constant
from graphc.emit.rounds import rounds
from graphc.emit.templates import AVERAGED, DRAWN, IN_PIECES, RUN, train_step
from graphc.emit.trees import part
from graphc.graph.graph import Graph
from graphc.graph.weights import WeightMap
from graphc.ops.neighbours import Neighbours
from graphc.plan.plan import Plan, Program
from graphc.plan.updates import Update

MAIN = Functions(("main",), {})


def functions(
    program: Program,
    classes: Mapping[str, Class],
    words: Mapping[str, str],
    requirements: Requirements,
) -> list[ast.stmt]:
    """All of them for a program, `main` and its call at the end."""
    network = program.plan.network if program.plan else _outermost(program.networks, requirements)
    graph = program.networks[network]
    needs = requirements.of_graph(graph)
    parts = [batches(program, network, classes, words, needs)]
    if program.steps:
        parts.append(steps(program, network, words, needs))
    constants: tuple[ast.stmt, ...] = ()
    options = tuple(_compiler_options()) if program.without_ynnpack else ()
    if program.plan is not None and program.plan.round is not None and not program.inference:
        parts.append(rounds(program, program.plan, program.plan.round))
        constants = parts[-1].constants
    elif program.plan is not None and not program.inference:
        measured = measures(program, program.plan.objectives[0], graph)
        updated = _updates(program, program.plan)
        parts += [measured, updated]
        constants = updated.constants + measured.constants
    definitions = [each for some in (*parts, MAIN) for each in some.definitions()]
    return [*options, *constants, *definitions, *map(copy_tree, RUN)]


def _compiler_options() -> Iterator[ast.stmt]:
    """What `jax.jit` is told, to compile these functions for a CPU."""
    kinds = fill(code('",".join($kinds)'), {"kinds": literal(PRODUCTS)})
    text = "For `jax.jit`: YNNPACK gets the products alone, for its convolutions are slower."
    yield from constant("COMPILER_OPTIONS", ast.Dict([part(YNNPACK)], [kinds]), text)


def _updates(program: Program, plan: Plan) -> Functions:
    """The functions that train and evaluate a state."""
    objective = plan.objectives[0]
    update = objective.update
    optimizing = Optimizing(objective, WeightMap.of(program.networks), program.epoch_steps)
    values = {"OPTIMIZER": optimizing.rule, "PARTS": part(update.parts)}
    names = ["optimizer", "init", "train_step", "evaluate_step"]
    if update.mixup is not None:
        fields = tuple(dict.fromkeys(field for _, field in plan.inputs))
        values |= {"FIELDS": literal(fields), "ALPHA": literal(update.mixup.alpha)}
        names.insert(0, "mixed_examples")
    if optimizing.penalty is not None:
        values |= {"PENALTY": optimizing.penalty, "TABLE": optimizing.paths}
        names.insert(0, "penalty")
    if update.neighbours is not None:
        values |= _of_neighbours(plan, update.neighbours)
        names.insert(0, "draw_neighbours")
    step = _train_step(optimizing, update, program)
    templates = {step.name: step}
    if update.truncate is not None:
        values |= _of_pieces(plan, update.truncate)
        at = names.index("train_step")
        names[at:at] = ["pieces", step.name]
        templates |= IN_PIECES
    constants = tuple(each for _, several in optimizing.constants() for each in several)
    if update.average is not None:
        values["KEPT"] = fill(code("1 - $average"), {"average": update.average})
        templates |= AVERAGED
    if update.neighbours is not None and update.neighbours.evaluation == "drawn":
        values["WEIGHTS"] = part("params" if update.average is None else "average")
        names.insert(names.index("evaluate_step"), "draw_the_same")
        templates |= DRAWN
    return Functions(tuple(names), values, templates, constants)


def _train_step(optimizing: Optimizing, update: Update, program: Program) -> ast.FunctionDef:
    return train_step(
        feedback=optimizing.feedback,
        search=optimizing.search,
        parts=update.parts > 1,
        loops=program.loops,
        penalty=optimizing.penalty is not None,
        average=update.average is not None,
        mixup=update.mixup is not None,
        pieces=update.truncate is not None,
        drawn=update.neighbours is not None,
        unguarded=program.unguarded,
    )


def _of_neighbours(plan: Plan, neighbours: Neighbours) -> dict[str, ast.expr]:
    """What the function names that draws neighbours: fields, and how many of them."""
    fields = tuple(dict.fromkeys(field for _, field in plan.inputs))
    (target,) = plan.targets
    return {"FIELDS": literal(fields), "TARGET": part(target), "SIZES": literal(neighbours.sizes)}


def _of_pieces(plan: Plan, steps: int) -> dict[str, ast.expr]:
    """What the functions name that take sequences in pieces: fields, and the steps of a piece."""
    fields = [field for _, field in plan.inputs]
    fields = dict.fromkeys([*fields, *plan.targets])
    return {
        "FIELDS": literal(tuple(fields)),
        "FIRST": part(next(iter(fields))),
        "TRUNCATE": part(steps),
    }


def _outermost(networks: Mapping[str, Graph], requirements: Requirements) -> str:
    """The last network that no other one calls."""
    called = {word for graph in networks.values() for word in requirements.of_graph(graph).networks}
    return [network for network in networks if network not in called][-1]
