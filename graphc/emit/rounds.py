"""The functions of the emitted module that train several objectives."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from graphc.core.code import code, literal
from graphc.emit.filling import fill
from graphc.emit.following import Following
from graphc.emit.functions import Functions
from graphc.emit.measures import class_weights
from graphc.emit.optimizing import Optimizing, constant, when
from graphc.emit.round_templates import PENALIZED, ROUND, step
from graphc.emit.trees import name, part
from graphc.graph.calls import depends_on_turn
from graphc.graph.graph import RESERVED_OF_NETWORKS, identifiers
from graphc.graph.weights import WeightMap
from graphc.plan.plan import Objective, Plan, Program, Round

ROWS = code('batch.get("mask", jnp.ones(len(batch[$field]), bool))')
SCANNED = code("jax.lax.scan(go_on, moved, numbered)")
UNROLLED = code("jax.lax.scan(go_on, moved, numbered, unroll=True)")
AFTER = code('moved | {"step": state["step"] + 1}')
FOLLOWED = code('follow(moved | {"step": state["step"] + 1})')
OWNED, SAMPLED, TURNS, VALUES = "OWNED", "SAMPLED", "TURNS", "VALUES"


def rounds(program: Program, plan: Plan, round: Round) -> Functions:
    """The functions that train and evaluate a state."""
    weights = WeightMap.of(program.networks)
    rules = {each.name: Optimizing(each, weights, program.epoch_steps) for each in plan.objectives}
    penalties = any(each.penalty is not None for each in rules.values())
    pauses = any(each.pauses for each in plan.objectives)
    follows = any(each.moves for each in plan.followers)
    values: dict[str, ast.expr] = {
        "OBJECTIVES": _objectives(plan, rules),
        "OUTPUTS": _measured(round),
        "MASK": fill(ROWS, {"field": plan.inputs[0][1]}),
        "RULES": ast.Dict([part(word) for word in rules], [each.rule for each in rules.values()]),
        "DUE": _due(plan.objectives),
        "BATCHES": part(round.batches),
        "REPORTED": _reported(round),
        "TABLE": next(iter(rules.values())).paths,
        "AFTER": fill(FOLLOWED if follows else AFTER, {}),
        "SCANNED": fill(SCANNED if program.loops else UNROLLED, {}),
    }
    in_turn = round.batches > 1
    own = step(
        in_turn=in_turn,
        penalties=penalties,
        pauses=pauses,
        follows=follows,
        statistics=any(not each.weight.trainable for each in weights.entries),
        differs=any(
            depends_on_turn(each.operation) for each in program.networks[plan.network].nodes
        ),
        unguarded=program.unguarded,
    )
    names = ["objectives", "sums", "means", "rules", "owned"]
    names += (
        ["due"] * pauses
        + ["init"]
        + ["follow"] * follows
        + ["move"] * in_turn
        + ["train_step", "evaluate_step"]
    )
    templates = ROUND | (PENALIZED if penalties else {}) | {own.name: own}
    if follows:
        following = Following(program, plan.followers, weights)
        values |= following.values
        templates |= following.template
    constants = tuple(_constants(program, plan, round, rules))
    names += ["samples"] * bool(round.sampled)
    return Functions(tuple(names), values, templates, constants)


def _measured(round: Round) -> ast.expr:
    """Of the outputs those that are numbers."""
    return ast.parse("outputs[: len(VALUES)]" if round.sampled else "outputs", mode="eval").body


def _reported(round: Round) -> ast.expr:
    """The names of what is kept of a turn's totals, beside `names`."""
    names = ast.Starred(name("names"), ast.Load())
    return ast.Tuple([names, *map(part, (*round.measured, "count"))], ast.Load())


def _objectives(plan: Plan, rules: dict[str, Optimizing]) -> ast.expr:
    """What each objective makes small, as a dict over `outputs`, and `arrays` where weights add."""
    found: list[ast.expr] = []
    for place, each in enumerate(plan.objectives):
        value: ast.expr = ast.Subscript(name("outputs"), part(place), ast.Load())
        if each.loss.measure.larger_is_better:
            value = ast.UnaryOp(ast.USub(), value)
        penalty = rules[each.name].penalty
        found.append(value if penalty is None else ast.BinOp(value, ast.Add(), penalty))
    return ast.Dict([part(each.name) for each in plan.objectives], found)


def _due(objectives: Iterable[Objective]) -> ast.expr:
    """When each of those moves that pause, as a dict over `step`."""
    found = {each.name: when(each) for each in objectives if each.pauses}
    return ast.Dict([part(word) for word in found], list(found.values()))


def _constants(
    program: Program, plan: Plan, round: Round, rules: dict[str, Optimizing]
) -> Iterable[ast.stmt]:
    """What the functions name."""
    values = (*(each.name for each in plan.objectives), *round.measured)
    text = "The values of a batch: what objectives make small or large, and what is measured."
    yield from constant(VALUES, literal(values), text)
    if round.sampled:
        yield from constant(SAMPLED, literal(round.sampled), "The values that are looked at.")
    if round.batches > 1:
        text = "Who moves in a round, in this order, and on how many batches in a row."
        yield from constant(TURNS, literal(round.entries), text)
    if round.classes is not None:
        yield from class_weights(program.class_weights, round.classes)
    words = identifiers(program.networks, RESERVED_OF_NETWORKS)
    own = {each.name: tuple(words[network] for network in each.updates) for each in plan.objectives}
    tree = ast.Dict([part(word) for word in own], [literal(each) for each in own.values()])
    yield from constant(OWNED, tree, "The networks that each objective moves.")
    found = {word: each for rule in rules.values() for word, each in rule.constants()}
    yield from (statement for each in found.values() for statement in each)
