"""Back from a loss that is not finite to the line of the spec that it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.span import Source, Span
from graphc.runtime.course import Course
from graphc.runtime.events import NotFinite
from graphc.runtime.files import write_json
from graphc.runtime.probes import Probes
from graphc.runtime.rundir import Blueprint, RunDirectory
from graphc.runtime.state import to_canonical
from graphc.runtime.steps import batch_at, step_key
from graphc.runtime.trace import Sighting, Statement, Watch, measure
from graphc.spec.bundled import named

Place = tuple[str, Span | None]
RECORD = "not_finite.json"
_SHOWN = 4
_HELP = "lower the learning rate, or look at what the value is computed from"
_BACKWARD_HELP = "look at what reads the value: a root, a power or a quotient has no slope at 0"


def keep_replay(run: RunDirectory, event: NotFinite) -> None:
    """Keep what the step can be run again from: beside this, its state is the last checkpoint."""
    position = event.snapshot.position
    record = {
        "step": position.step,
        "epoch": position.epoch,
        "step_in_epoch": position.done,
        "rows": np.asarray(event.rows).tolist(),
    }
    write_json(run.path / RECORD, record)


def forget_replay(run: RunDirectory) -> None:
    """A run that goes on has not stopped over numbers."""
    (run.path / RECORD).unlink(missing_ok=True)


def explain(
    module: ModuleType, event: NotFinite, course: Course, blueprint: Blueprint
) -> Diagnostic:
    """Run the step again value by value, and say where it first goes wrong (GC601).

    In this order: the data, the weights, the values of the network and the loss, the gradient, what
    the weights add to the loss.
    """
    state, step = event.snapshot.state, event.snapshot.position.step
    batch = jax.device_get(batch_at(course.data, event.rows))
    key = step_key(course.key, state["step"])
    if found := _bad_data(batch, event.rows, step):
        return found
    if hasattr(module, "objectives"):
        return _explain_round(module, _Given(state, batch, key), blueprint, step)
    if not hasattr(module, "pieces"):
        return _explain(module, _Given(state, batch, key), blueprint, step)
    given, number, count = _of_bad_piece(module, state, batch, key)
    found = _explain(module, given, blueprint, step)
    note = Note(f"that is in piece {number} of the {count} pieces of its sequences")
    return replace(found, notes=(*found.notes, note))


@dataclass(frozen=True)
class _Given:
    """What an update was given.

    Args:
        memory: what the network carries from the piece before, for `forward`.
        objectives: the names of those that moved, where there are several.
    """

    state: Any
    batch: Any
    key: Any
    memory: Mapping[str, Any] = field(default_factory=dict)
    objectives: tuple[str, ...] = ()


def _of_bad_piece(module: ModuleType, state: Any, batch: Any, key: Any) -> tuple[_Given, int, int]:
    """Of a batch of sequences the first piece whose update goes wrong, which it is, of how many."""
    learn, cut = jax.jit(module.learn), jax.device_get(module.pieces(batch))
    count, size = next(iter(cut.values())).shape[:2]
    model = nnx.merge(module.graphdef(), state["params"], state["statistics"])
    carried = module.begin(model, size)
    for number in range(count):
        piece = batch | {name: each[number] for name, each in cut.items()}
        own = jax.random.fold_in(key, number)
        given = _Given(state, piece, own, {"memory": module.Memory(carried, number == 0)})
        state, totals, carried = learn(state, piece, own, carried, number == 0)
        if not totals["finite"]:
            break
    return given, number + 1, count


def _explain_round(
    module: ModuleType, given: _Given, blueprint: Blueprint, step: int
) -> Diagnostic:
    """The same of a round of several objectives, of which one is the first that goes wrong."""
    notes: tuple[Note, ...] = ()
    if hasattr(module, "TURNS"):
        given, turn, turns = _of_bad_turn(module, given)
        notes = (Note(f"that is in turn {turn} of the {turns} turns of its round"),)
    else:
        given = replace(given, objectives=tuple(module.OWNED))
    values = jax.device_get(
        jax.jit(partial(_objectives, vars(module), given))(given.state["params"])
    )
    wrong = [name for name, value in values.items() if not np.isfinite(value)]
    if wrong:
        notes = (Note(f"the objective `{wrong[0]}` is {values[wrong[0]]:g}"), *notes)
    else:
        wrong = [name for name in values if _moves_wrongly(module, given, name)] or [*values]
        text = f"the objective `{wrong[0]}` is {values[wrong[0]]:g}, and its gradient not finite"
        notes = (Note(text), *notes)
    found = _explain(module, replace(given, objectives=(wrong[0],)), blueprint, step)
    return replace(found, notes=(*found.notes, *notes))


def _of_bad_turn(module: ModuleType, given: _Given) -> tuple[_Given, int, int]:
    """Of a round the first turn that goes wrong, which one it is, and of how many."""
    turns = [names for names, times in module.TURNS for _ in range(times)]
    parts = jax.device_get(module.in_parts(given.batch, len(turns)))
    move, own, at = jax.jit(module.move, static_argnums=1), given, 0
    for at, names in enumerate(turns, 1):
        part = {name: each[at - 1] for name, each in parts.items()}
        key = jax.random.fold_in(given.key, at - 1)
        own = replace(own, batch=part, key=key, objectives=names)
        state, totals = move(own.state, names, part, key)
        if not totals["finite"]:
            break
        own = replace(own, state=state)
    return own, at, len(turns)


def _objectives(own: Mapping[str, Callable], given: _Given, params: Any) -> dict[str, Any]:
    """What objectives make small, by name, of a module whose functions are `own`."""
    outputs, _ = own["forward"](
        params, given.state["statistics"], given.batch, train=True, key=given.key
    )
    weighs = len(signature(own["objectives"]).parameters) > 1
    values = own["objectives"](outputs, params) if weighs else own["objectives"](outputs)
    return {name: values[name] for name in given.objectives}


def _moves_wrongly(module: ModuleType, given: _Given, name: str) -> bool:
    """Whether the gradient by which an objective moves what it owns is not finite."""
    gradients = _gradients(module, replace(given, objectives=(name,)))
    return not all(np.isfinite(each).all() for each in jax.tree.leaves(gradients))


def _explain(module: ModuleType, given: _Given, blueprint: Blueprint, step: int) -> Diagnostic:
    state, batch, key = given.state, given.batch, given.key
    weights = to_canonical({"params": state["params"]}, blueprint.weights)
    if found := _bad_weights(weights, step):
        return found
    watch = Watch(str(module.__file__), blueprint.source)

    batch = _learned(module, batch, key)
    given = replace(given, batch=batch)

    def forward() -> Any:
        if given.objectives:
            return next(iter(_objectives(vars(module), given, state["params"]).values()))
        outputs, _ = module.forward(
            state["params"], state["statistics"], batch, train=True, key=key, **given.memory
        )
        return module.losses(outputs, batch)

    try:
        losses = watch.run(forward)
    except Exception as error:  # the report of one failure must not die of another
        note = Note(f"running it again value by value failed: {type(error).__name__}: {error}")
        return _diagnostic(f"the loss is not finite at step {step}", notes=(note,))
    sighting = watch.found or watch.negative
    counted = losses if given.objectives else np.asarray(losses)[np.asarray(batch["mask"])]
    if np.isfinite(counted).all() or sighting is None:
        places = Places(blueprint, watch.statements)
        return (
            _bad_backward(module, given, places, step)
            or _bad_penalty(module, state["params"], blueprint, step)
            or _bad_gradient(_gradients(module, given), blueprint, step)
        )
    return _bad_value(sighting, Places(blueprint, watch.statements), step)


def _learned(module: ModuleType, batch: Any, key: Any) -> Any:
    """What the step learns from: the batch, with `mixup` its mixture, or what was drawn for it."""
    if hasattr(module, "draw_neighbours"):
        return jax.jit(module.draw_neighbours)(batch, key)
    return module.mixed_examples(batch, key)[0] if hasattr(module, "mixed_examples") else batch


def _bad_data(batch: Mapping[str, Any], rows: Any, step: int) -> Diagnostic | None:
    for name, array in batch.items():
        if jnp.issubdtype(array.dtype, jnp.floating) and not np.isfinite(array).all():
            bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
            first = int(np.asarray(rows)[bad][0])
            note = Note(f"the first is example {first} of the training data")
            message = f"the data is not finite: field `{name}` at step {step}"
            return _diagnostic(message, notes=(note,), help="remove the example or repair it")
    return None


def _bad_weights(weights: Mapping[str, np.ndarray], step: int) -> Diagnostic | None:
    names = [
        path.removeprefix("params/")
        for path, array in weights.items()
        if jnp.issubdtype(array.dtype, jnp.floating) and not np.isfinite(array).all()
    ]
    if not names:
        return None
    note = Note(f"{len(names)} of {len(weights)} weights are not; the update made them so")
    message = f"the weight `{names[0]}` is not finite before step {step}"
    return _diagnostic(message, notes=(note,), help="lower the learning rate")


class Places:
    """From lines of the source to nodes of the spec.

    Args:
        blueprint: has the line map.
        statements: of the source; a statement belongs to the first node that one of its lines has.
    """

    def __init__(self, blueprint: Blueprint, statements: Mapping[int, Statement]) -> None:
        self.blueprint = blueprint
        self._rows: dict[int, tuple[str, str, int, int, int]] = {}
        for line in sorted(blueprint.lines):
            first = statements[line].line if line in statements else line
            self._rows.setdefault(first, blueprint.lines[line])

    def find(self, line: int) -> Place | None:
        """Path and place of the node that the statement at `line` computes, if any."""
        if line not in self._rows:
            return None
        path, name, number, column, end_column = self._rows[line]
        if number <= 0:
            return path, None
        source = Source(name, self._text(name))
        return path, Span(source, number, column, number, end_column)

    def _text(self, name: str) -> str:
        """The text of a spec file, where that still is."""
        for path in (Path(name), Path(self.blueprint.folder) / name):
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
        found = named(name)  # a spec that ships with graphc
        return found.text if isinstance(found, Source) else ""


def _bad_value(sighting: Sighting, places: Places, step: int) -> Diagnostic:
    (path, span), layers = node_of(sighting, places)
    notes = [
        Note(f"it is computed from `{name}`, which is between {low:g} and {high:g}")
        for name, low, high in sighting.inputs[:_SHOWN]
    ]
    notes += [Note(f"in layer {index} of `{name}`", where) for (name, where), index in layers]
    where = f"`{sighting.name}` in " if sighting.name else ""
    notes.append(Note(f"in model.py: {where}`{sighting.function}`, line {sighting.line}"))
    return _diagnostic(f"the value of `{path}` is not finite at step {step}", span, tuple(notes))


def node_of(sighting: Sighting, places: Places) -> tuple[Place, list[tuple[Place, int]]]:
    """Path and place of the node that made a value, and the layers of repeats that it is in."""
    lines = [sighting.line, *(turn.line for turn in reversed(sighting.turns))]
    nodes = [found for line in lines if (found := places.find(line)) is not None]
    path, span = nodes[0] if nodes else (sighting.name or sighting.function, None)
    layers = _layers(sighting, places)
    for (owner, _), index in layers:
        if path.startswith(f"{owner}/"):
            path = f"{owner}/{index}{path[len(owner) :]}"
    return (path, span), layers


def _layers(sighting: Sighting, places: Places) -> list[tuple[Place, int]]:
    """The repeats it happened in: the turn of a loop that a node's statement started."""
    found, owner = [], None
    for turn in sighting.turns:
        owner = places.find(turn.line) or owner
        if turn.index is not None and owner is not None:
            found.append((owner, turn.index))
            owner = None
    return found


def _bad_backward(
    module: ModuleType, given: _Given, places: Places, step: int
) -> Diagnostic | None:
    """The first node, in backward order, whose gradient is not finite; None where none is."""
    source = places.blueprint.source
    probes = Probes(str(module.__file__), source, lambda line: places.find(line) is not None)
    names = probes.module(module)
    mean = partial(_mean_loss, names, given)
    try:
        probes.run(lambda: jax.grad(mean)(given.state["params"]))
    except Exception:  # the weights' gradients still say something
        return None
    if probes.bad is None:
        return None
    (path, span), _ = node_of(probes.bad.sighting, places)
    notes = [Note("all values of the network and the loss are finite")]
    notes += [
        Note(f"the value of `{path}` is between {low:g} and {high:g}")
        for _, low, high in probes.bad.sighting.inputs
    ]
    if probes.before is not None and probes.before.gradient is not None:
        (after, where), _ = node_of(probes.before.sighting, places)
        low, high = probes.before.gradient
        text = f"the last finite gradient is that of `{after}`, between {low:g} and {high:g}"
        notes.append(Note(text, where))
    message = f"the gradient of the value of `{path}` is not finite at step {step}"
    return _diagnostic(message, span, tuple(notes), _BACKWARD_HELP)


def _bad_penalty(
    module: ModuleType, params: Any, blueprint: Blueprint, step: int
) -> Diagnostic | None:
    """What `regularize` adds to the loss, where that or its gradient is too large."""
    if not hasattr(module, "penalty"):
        return None
    value, gradients = jax.jit(jax.value_and_grad(module.penalty))(params)
    by_path = to_canonical({"params": gradients}, blueprint.weights)
    sizes = {
        path.removeprefix("params/"): float(np.linalg.norm(np.asarray(each, np.float64)))
        for path, each in by_path.items()
    }
    worst = max(sizes, key=lambda path: np.nan_to_num(sizes[path], nan=np.inf))
    if np.isfinite(value) and sizes[worst] ** 2 <= float(np.finfo(np.float32).max):
        return None
    notes = (
        Note("all values of the network and the loss are finite"),
        Note(f"it is {float(value):g}, and its gradient the longest for `{worst}`"),
    )
    message = f"what `regularize` adds to the loss is too large at step {step}"
    help = "make `l1` and `l2` smaller, or lower the learning rate"
    return _diagnostic(message, notes=notes, help=help)


def _gradients(module: ModuleType, given: _Given) -> Any:
    """The gradient of the mean loss, for each parameter."""
    mean = partial(_mean_loss, vars(module), given)
    gradients = jax.jit(jax.grad(mean))(given.state["params"])
    if not given.objectives:
        return gradients
    own = module.owned(gradients, given.objectives[0])
    return jax.tree.map(jnp.zeros_like, gradients) | own


def _mean_loss(own: Mapping[str, Callable], given: _Given, params: Any) -> Any:
    """The mean loss of the examples that are there, over all their points, or the objective."""
    if given.objectives:
        return next(iter(_objectives(own, given, params).values()))
    outputs, _ = own["forward"](
        params, given.state["statistics"], given.batch, train=True, key=given.key, **given.memory
    )
    return _mean(own["losses"](outputs, given.batch), given.batch["mask"])


def _mean(losses: Any, mask: Any) -> Any:
    """The mean over the rows that are there."""
    there = jnp.broadcast_to(mask.reshape(-1, *[1] * (losses.ndim - 1)), losses.shape)
    return jnp.where(there, losses, 0).sum() / jnp.maximum(there.sum(dtype=losses.dtype), 1)


def _bad_gradient(gradients: Any, blueprint: Blueprint, step: int) -> Diagnostic:
    by_path = to_canonical({"params": gradients}, blueprint.weights)
    bad = [path.removeprefix("params/") for path, each in by_path.items() if _overflows(each)]
    notes = [Note("all values of the network and the loss are finite")]
    if not bad:
        largest = max(float(np.abs(each).max(initial=0)) for each in by_path.values())
        notes.append(Note(f"run again, the largest number of the gradient is {largest:g}"))
        message = f"the gradient is not finite, or too large to square, at step {step}"
        return _diagnostic(message, notes=tuple(notes))
    notes.append(Note(f"{len(bad)} of {len(by_path)} gradients are not finite"))
    # The gradient flows from the output back: the last array of the spec met it first.
    ordered = [each.path for each in blueprint.weights.entries if each.path in bad] or bad
    message = f"the gradient of `{ordered[-1]}` is not finite at step {step}"
    return _diagnostic(message, notes=tuple(notes))


def _overflows(gradient: np.ndarray) -> bool:
    found = measure(gradient)
    return found is not None and not np.isfinite(found).all()


def _diagnostic(
    message: str, span: Span | None = None, notes: tuple[Note, ...] = (), help: str = _HELP
) -> Diagnostic:
    return Diagnostic("GC601", message, span, notes, help)
