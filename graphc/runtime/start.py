"""A run that starts from the weights of another one, by their paths in the spec."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, Note, RunError, similar
from graphc.core.span import Span
from graphc.graph.weights import WeightMap
from graphc.ops.start import InitFrom
from graphc.plan.updates import forms, matches
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.state import State, from_canonical, to_canonical
from graphc.runtime.use import chosen_checkpoint

INIT_FROM = "init_from.json"
_SHOWN = 4


@dataclass(frozen=True)
class Origin:
    """What a spec says of the run to start from.

    Args:
        wanted: which run, and which of its weights.
        folder: the folder of the spec, which the run's path starts from.
        place: where it says so, given the keys below `init_from`, for messages.
    """

    wanted: InitFrom
    folder: str
    place: Callable[..., Span | None] = lambda *keys: None


@dataclass(frozen=True)
class Inherited:
    """The weights of another run that this one starts from.

    Attributes:
        run: the directory of that run.
        step: of the checkpoint that they are from.
        arrays: by their paths here, running statistics included.
        taken: for each of these paths, the path there.
        left: for each other path here, why nothing was taken.
        unused: the paths there that no path here asks for.
    """

    run: Path
    step: int
    arrays: Mapping[str, np.ndarray]
    taken: Mapping[str, str]
    left: Mapping[str, str]
    unused: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """What the run keeps of it, in `init_from.json`."""
        return {
            "run": str(self.run),
            "step": self.step,
            "taken": dict(self.taken),
            "not_taken": dict(self.left),
            "unused": list(self.unused),
        }

    def __str__(self) -> str:
        whole = len(self.taken) + len(self.left)
        where = f"`{os.path.relpath(self.run)}`, step {self.step:,}"
        lines = [f"took {len(self.taken)} of {whole} weights from {where}"]
        lines += _few(f"drawn: `{path}`, {reason}" for path, reason in self.left.items())
        lines += _few(f"not used: `{path}` of that run" for path in self.unused)
        return "\n  ".join(lines)

    def put_into(self, state: State, weights: WeightMap) -> State:
        """The state with these weights in place of its own."""
        return put_arrays(self.arrays, state, weights)


def put_arrays(arrays: Mapping[str, np.ndarray], state: State, weights: WeightMap) -> State:
    """The state with arrays, by their paths, in place of its own and of their moving average."""
    found: dict[str, Any] = to_canonical(state, weights)
    for part in ("params", "average", "statistics"):
        for path, array in arrays.items():
            if f"{part}/{path}" in found:
                found[f"{part}/{path}"] = array
    return from_canonical(found, state, weights)


def inherit(origin: Origin, weights: WeightMap, warn: Callable[[Diagnostic], None]) -> Inherited:
    """Find the weights to start from: those that the other run is judged by.

    Args:
        weights: of this spec.

    Raises:
        RunError: GC602 to GC607 where the other run cannot be read, GC650 where nothing of it is
            taken or a pattern is that of none of its weights.
    """
    path = Path(origin.folder) / Path(origin.wanted.run).expanduser()
    try:
        with RunDirectory.open(path) as run:
            checkpoint = chosen_checkpoint(run, warn)
    except RunError as error:
        problems = [replace(each, span=origin.place()) for each in error.diagnostics]
        raise RunError(problems) from error
    there = _weights_of(checkpoint.arrays)
    _check_patterns(origin, path, there)
    taken, left = {}, {}
    for each in weights.entries:
        source = origin.wanted.origin(each.path)
        reason = _obstacle(origin.wanted, each.path, each.weight.shape or (), source, there)
        if source is None or reason is not None:
            left[each.path] = reason or "which `take` does not name"
        else:
            taken[each.path] = source
    if not taken:
        raise _nothing(origin, path, left)
    wanted = {origin.wanted.origin(each.path) for each in weights.entries}
    unused = tuple(sorted(there.keys() - wanted))
    arrays = {name: there[source] for name, source in taken.items()}
    step = checkpoint.about["position"]["step"]
    return Inherited(path.absolute(), step, arrays, taken, left, unused)


def _weights_of(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """By path, weights (where they have one, their moving average) and running statistics."""
    found = {}
    for part in ("params/", "average/", "statistics/"):
        for name, array in arrays.items():
            if name.startswith(part):
                found[name.removeprefix(part)] = array
    return found


def _obstacle(
    wanted: InitFrom,
    path: str,
    shape: tuple[int, ...],
    source: str | None,
    there: Mapping[str, np.ndarray],
) -> str | None:
    """Why a weight is not taken, in words that follow its path."""
    if any(matches(path, pattern) for pattern in wanted.leave):
        return "which `leave` names"
    if source is None:
        return None
    if source not in there:
        return f"as `{source}` is not in that run" if source != path else "which is not in that run"
    if there[source].shape != shape:
        return f"which is {list(shape)} here and {list(there[source].shape)} there"
    return None


def _check_patterns(origin: Origin, path: Path, there: Mapping[str, np.ndarray]) -> None:
    for pattern, _ in origin.wanted.take:
        if not any(matches(name, pattern) for name in there):
            message = f"no weight of the run in `{path}` has a path like `{pattern}`"
            known = dict.fromkeys(form for name in there for form in forms(name))
            help = similar(pattern, known, "pattern")
            raise RunError(Diagnostic("GC650", message, origin.place("take", pattern), help=help))


def _nothing(origin: Origin, path: Path, left: Mapping[str, str]) -> RunError:
    message = f"nothing of the run in `{path}` fits this network"
    notes = _few(f"`{name}`, {reason}" for name, reason in left.items())
    help = 'say with `take` what its weights are called here: `take: {"THERE/*": "HERE/*"}`'
    return RunError(Diagnostic("GC650", message, origin.place(), tuple(map(Note, notes)), help))


def _few(lines: Iterable[str]) -> list[str]:
    """The first of them, and how many more there are."""
    every = list(lines)
    more = len(every) - _SHOWN
    return every[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
