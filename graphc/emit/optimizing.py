"""The optimiser of the emitted module: rates, groups and clipping around the rules of optax."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from graphc.core.code import code
from graphc.core.declaration import Declaration
from graphc.emit.filling import fill
from graphc.emit.paths import holds_several, paths
from graphc.emit.printing.printer import Blank, Comment
from graphc.emit.trees import call, name, part
from graphc.graph.weights import WeightMap
from graphc.ops.optimizers import Optimizer
from graphc.ops.schedules import Duration, Piecewise, Schedule
from graphc.plan.plan import Objective

EPOCH_STEPS, PATHS = "EPOCH_STEPS", "PATHS"
WARMED_UP = code(
    "optax.join_schedules([optax.linear_schedule(0.0, $rate, $warmup), $schedule], [$warmup])"
)


class Optimizing:
    """What the functions of the module say about the updates of one objective.

    Attributes:
        rule: the expression of the optimiser.
        feedback: whether an update is told the loss.
    """

    def __init__(self, objective: Objective, weights: WeightMap, epoch_steps: int | None) -> None:
        self.epochs, self.epoch_steps = objective.epochs, epoch_steps
        self.paths = paths(weights)
        self.feedback = False
        self.rule = self._rule(objective.optimizer)
        if objective.optimizer.sees == "arrays" and holds_several(weights):
            self.rule = call("by_path", [self.rule, name(PATHS)])

    def constants(self) -> Iterator[ast.stmt]:
        """The constants that the expressions name, with their comments."""
        used = {each.id for each in ast.walk(self.rule) if isinstance(each, ast.Name)}
        if EPOCH_STEPS in used:
            text = "The steps of an epoch, by which schedules count"
            if self.epoch_steps is None:
                text += ": `graphc train` puts in those of the data that it loads"
            yield from _constant(EPOCH_STEPS, part(self.epoch_steps or 1), f"{text}.")
        if PATHS in used:
            text = "What is in arrays that are stored otherwise than in the spec, by its paths."
            yield from _constant(PATHS, self.paths, text)

    def _rule(self, optimizer: Optimizer) -> ast.expr:
        rate = getattr(optimizer, "learning_rate", None)
        values = _attributes(optimizer)
        if not isinstance(rate, Schedule):
            return fill(optimizer.build, values)
        rule = fill(optimizer.build, values | {"learning_rate": rate_of(rate, self.epochs)})
        if rate.feedback is None:
            return rule
        self.feedback = True
        values = _attributes(rate) | rate.holes() | {"epoch": name(EPOCH_STEPS)}
        return call(ast.parse("optax.chain", mode="eval").body, [rule, fill(rate.feedback, values)])


def rate_of(schedule: Schedule, epochs: int) -> ast.expr:
    """The learning rate as a function of the steps that were done, in a run of so many epochs."""
    values = _attributes(schedule) | schedule.holes()
    warmup = values.get("warmup")
    after = _after_warmup(schedule, values, epochs)
    if not isinstance(warmup, Duration):
        return after
    first = schedule.rates[0] if isinstance(schedule, Piecewise) else values["rate"]
    return fill(WARMED_UP, {"rate": first, "warmup": _steps(warmup), "schedule": after})


def _after_warmup(schedule: Schedule, values: Mapping[str, object], epochs: int) -> ast.expr:
    filled = {
        word: _steps(value) if isinstance(value, Duration) else value
        for word, value in values.items()
    }
    if isinstance(schedule, Piecewise):
        constant = code("optax.constant_schedule($rate)")
        filled["parts"] = [fill(constant, {"rate": each}) for each in schedule.rates]
        filled["at"] = [_steps(each) for each in schedule.at]
    if "over" in values and values["over"] is None:
        filled["over"] = _rest(epochs, values.get("warmup"))
    return fill(schedule.build, filled)


def _constant(word: str, value: ast.expr, comment: str) -> Iterator[ast.stmt]:
    yield Blank()
    yield Comment(comment)
    yield ast.Assign([ast.Name(word, ast.Store())], value, lineno=0)


def _attributes(declaration: Declaration) -> dict[str, object]:
    return {each.name: getattr(declaration, each.name) for each in declaration.attributes()}


def _steps(duration: Duration) -> ast.expr:
    """A number of steps: `500`, `20 * EPOCH_STEPS` or `round(0.5 * EPOCH_STEPS)`."""
    number, epoch = duration.number, name(EPOCH_STEPS)
    if duration.unit == "steps" or number == 1:
        return epoch if number == 1 and duration.unit == "epochs" else part(int(number))
    if number == int(number):
        return ast.BinOp(part(int(number)), ast.Mult(), epoch)
    return call("round", [ast.BinOp(part(number), ast.Mult(), epoch)])


def _rest(epochs: int, warmup: object) -> ast.expr:
    """What is left of the run after the warm-up."""
    if not isinstance(warmup, Duration):
        return _steps(Duration(epochs))
    if warmup.unit == "epochs":
        return _steps(Duration(epochs - warmup.number))
    return ast.BinOp(_steps(Duration(epochs)), ast.Sub(), _steps(warmup))
