"""The optimiser of the emitted module: rates, groups and clipping around the rules of optax."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

from graphc.core.code import code
from graphc.core.declaration import Declaration
from graphc.emit.filling import fill
from graphc.emit.paths import holds_several, paths
from graphc.emit.printing.printer import Blank, Comment
from graphc.emit.trees import call, name, part
from graphc.graph.weights import WeightMap
from graphc.ops.optimizers import Optimizer
from graphc.ops.rates import Duration, Schedule
from graphc.ops.schedules import Piecewise
from graphc.plan.plan import Objective
from graphc.plan.updates import matches

EPOCH_STEPS, PATHS = "EPOCH_STEPS", "PATHS"
WARMED_UP = code(
    "optax.join_schedules([optax.linear_schedule(0.0, $rate, $warmup), $schedule], [$warmup])"
)

_FROZEN, _MOVING = code("optax.set_to_zero()"), code("optax.identity()")
_CLIP_NORM, _CLIP_VALUE = code("optax.clip_by_global_norm($norm)"), code("optax.clip($value)")
_TERM = {
    "l1": code("$weight * sum_of_magnitudes(arrays, $pattern)"),
    "l2": code("$weight * sum_of_squares(arrays, $pattern)"),
}
_DELAYED = code("optax.conditionally_mask($rule, lambda step: step >= $steps)")
_OTHERS = "*"


class Optimizing:
    """What the functions of the module say about the updates of one objective.

    Attributes:
        rule: the expression of the optimiser.
        feedback: whether an update is told the loss.
        search: whether an update evaluates the loss itself.
        paths: the expression of the table of paths.
        penalty: the expression of what weights add to the loss, if they do.
        when: the expression of when the weights move, where there are rounds in which they do not.
    """

    def __init__(self, objective: Objective, weights: WeightMap, epoch_steps: int | None) -> None:
        self.epochs, self.epoch_steps = objective.epochs, epoch_steps
        self.table = paths(weights)
        self.paths = name(PATHS) if self.table.keys else self.table
        self.update, self.feedback = objective.update, False
        self.partial = _part(objective, weights)
        self.by_path = bool(self.update.groups) or bool(self.partial)
        self.search = objective.optimizer.needs_full_batches
        self.arrays_are_together = holds_several(weights)
        rule = self._clipped(self._grouped(objective.optimizer))
        rule = _Turns(objective).visit(rule)
        self.rule = call("by_path", [rule, self.paths]) if self.by_path else rule
        self.penalty = self._penalty()
        self.when = [when(objective)] if objective.pauses else []

    def constants(self) -> Iterator[tuple[str, list[ast.stmt]]]:
        """The constants that the expressions name, with their comments, by their names."""
        trees = [self.rule, *self.when, *([] if self.penalty is None else [self.paths])]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        used = {each.id for each in nodes if isinstance(each, ast.Name)}
        if EPOCH_STEPS in used:
            text = "The steps of an epoch, by which schedules count"
            if self.epoch_steps is None:
                text += ": `graphc train` puts in those of the data"
            steps = part(self.epoch_steps or 1)
            yield EPOCH_STEPS, list(constant(EPOCH_STEPS, steps, f"{text}."))
        if PATHS in used:
            text = "What is in arrays that are stored otherwise than in the spec, by its paths."
            yield PATHS, list(constant(PATHS, self.table, text))

    def _rule(self, optimizer: Optimizer) -> ast.expr:
        rate = getattr(optimizer, "learning_rate", None)
        values = _attributes(optimizer)
        if optimizer.sees == "arrays" and self.arrays_are_together:
            self.by_path = True
        if values.get("decays") is not None:
            self.by_path = True
            values["decays"] = call("matching", [_list(values["decays"])])
        if not isinstance(rate, Schedule):
            return fill(optimizer.build, values)
        rule = fill(optimizer.build, values | {"learning_rate": rate_of(rate, self.epochs)})
        if rate.feedback is None:
            return rule
        self.feedback = True
        values = _attributes(rate) | rate.holes() | {"epoch": name(EPOCH_STEPS)}
        return _chain(rule, fill(rate.feedback, values))

    def _grouped(self, optimizer: Optimizer) -> ast.expr:
        """Each group by its own rule, and what is in none by the optimiser's."""
        rules = {
            pattern: _FROZEN.fill({}) if own is None else self._delayed(pattern, self._rule(own))
            for pattern, own in self.update.groups
        }
        own = self._rule(optimizer)
        if self.partial:
            rules |= dict.fromkeys(self.partial, own)
            return _in_groups(rules, _FROZEN.fill({}))
        return _in_groups(rules, own) if rules else own

    def _delayed(self, pattern: str, rule: ast.expr) -> ast.expr:
        """The rule of a group, which may begin later."""
        lasting = dict(self.update.delays).get(pattern)
        return rule if lasting is None else fill(_DELAYED, {"rule": rule, "steps": steps(lasting)})

    def _clipped(self, rule: ast.expr) -> ast.expr:
        clip, groups = self.update.clip, self.update.groups
        if clip is None:
            return rule
        rules = [rule]
        if clip.norm is not None:
            rules.insert(0, _CLIP_NORM.fill({"norm": clip.norm}))
            if any(own is None for _, own in groups):  # what does not move has no part in the norm
                rules.insert(0, _in_groups(_moving(groups), _MOVING.fill({})))
        if clip.value is not None:
            rules.insert(0, _CLIP_VALUE.fill({"value": clip.value}))
        return _chain(*rules)

    def _penalty(self) -> ast.expr | None:
        """What the weights add to the loss, as an expression over `arrays`."""
        terms = [
            _TERM[word].fill({"weight": getattr(penalty, word), "pattern": pattern})
            for pattern, penalty in self.update.penalties
            for word in ("l1", "l2")
            if getattr(penalty, word)
        ]
        return reduce(lambda one, other: ast.BinOp(one, ast.Add(), other), terms) if terms else None


class _Turns(ast.NodeTransformer):
    """The steps of an epoch as an objective counts them that has other turns than one a round."""

    def __init__(self, objective: Objective) -> None:
        self.turns, self.every = objective.turns, objective.every

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != EPOCH_STEPS:
            return node
        several = ast.BinOp(part(self.turns), ast.Mult(), node) if self.turns > 1 else node
        return ast.BinOp(several, ast.FloorDiv(), part(self.every)) if self.every > 1 else several


def _part(objective: Objective, weights: WeightMap) -> tuple[str, ...]:
    """The patterns of the weights that an objective moves, where it leaves others of a network."""
    of_networks = [
        each.path
        for each in weights.entries
        if each.weight.trainable and each.path.split("/")[0] in objective.updates
    ]
    whole = all(any(matches(path, each) for each in objective.patterns) for path in of_networks)
    return () if whole or not objective.patterns else objective.patterns


def rate_of(schedule: Schedule, epochs: int) -> ast.expr:
    """The learning rate as a function of the steps that were done, in a run of so many epochs."""
    values = _attributes(schedule) | schedule.holes()
    warmup = values.get("warmup")
    after = _after_warmup(schedule, values, epochs)
    if not isinstance(warmup, Duration):
        return after
    first = schedule.rates[0] if isinstance(schedule, Piecewise) else values["rate"]
    return fill(WARMED_UP, {"rate": first, "warmup": steps(warmup), "schedule": after})


def _after_warmup(schedule: Schedule, values: Mapping[str, object], epochs: int) -> ast.expr:
    filled = {
        word: steps(value) if isinstance(value, Duration) else value
        for word, value in values.items()
    }
    if isinstance(schedule, Piecewise):
        constant = code("optax.constant_schedule($rate)")
        filled["parts"] = [fill(constant, {"rate": each}) for each in schedule.rates]
        filled["at"] = [steps(each) for each in schedule.at]
    if "over" in values and values["over"] is None:
        filled["over"] = _rest(epochs, values.get("warmup"))
    return fill(schedule.build, filled)


def _moving(groups: Iterable[tuple[str, Optimizer | None]]) -> dict[str, ast.expr]:
    """The gradients of what moves, and zeros for what is frozen."""
    return {pattern: (_FROZEN if own is None else _MOVING).fill({}) for pattern, own in groups}


def _in_groups(rules: dict[str, ast.expr], others: ast.expr) -> ast.expr:
    rules = rules if _OTHERS in rules else rules | {_OTHERS: others}
    return call("in_groups", [ast.Dict([part(each) for each in rules], list(rules.values()))])


def _chain(*rules: ast.expr) -> ast.expr:
    return call(ast.parse("optax.chain", mode="eval").body, rules)


def _list(words: object) -> ast.expr:
    assert isinstance(words, tuple)
    return ast.List([part(each) for each in words], ast.Load())


def constant(word: str, value: ast.expr, comment: str) -> Iterator[ast.stmt]:
    """`WORD = value` under a comment."""
    yield Blank()
    yield Comment(comment)
    yield ast.Assign([ast.Name(word, ast.Store())], value, lineno=0)


def _attributes(declaration: Declaration) -> dict[str, object]:
    return {each.name: getattr(declaration, each.name) for each in declaration.attributes()}


def when(objective: Objective) -> ast.expr:
    """When an objective that pauses moves its weights, over `step`, the rounds that were done."""
    terms = []
    start, until = (_text(each) for each in (objective.start, objective.until))
    if start != "0":
        terms.append(f"(step >= {start})")
    if until is not None:
        terms.append(f"(step < {until})")
    if objective.every > 1:
        since = f"(step - {start})" if start != "0" else "step"
        terms.append(f"({since} % {objective.every} == 0)")
    return ast.parse(" & ".join(terms), mode="eval").body


def _text(rounds: int | Duration | None) -> str | None:
    """Rounds as they stand in an expression."""
    if isinstance(rounds, Duration):
        return ast.unparse(steps(rounds))
    return None if rounds is None else str(rounds)


def steps(duration: Duration) -> ast.expr:
    """A number of steps: `500`, `20 * EPOCH_STEPS` or `round(0.5 * EPOCH_STEPS)`."""
    number, epoch = duration.number, name(EPOCH_STEPS)
    if duration.unit == "steps" or number == 1:
        return epoch if number == 1 and duration.unit == "epochs" else part(int(number))
    if number == int(number):
        return ast.BinOp(part(int(number)), ast.Mult(), epoch)
    return call("round", [ast.BinOp(ast.Constant(number), ast.Mult(), epoch)])


def _rest(epochs: int, warmup: object) -> ast.expr:
    """What is left of the run after the warm-up."""
    if not isinstance(warmup, Duration):
        return steps(Duration(epochs))
    if warmup.unit == "epochs":
        return steps(Duration(epochs - warmup.number))
    return ast.BinOp(steps(Duration(epochs)), ast.Sub(), steps(warmup))
