"""What the values of a network look like before any training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from graphc.core.span import Span
from graphc.runtime.replay import Places, node_of
from graphc.runtime.rundir import Blueprint
from graphc.runtime.trace import Sighting, Watch


@dataclass(frozen=True)
class Activations:
    """The values of one node over a batch.

    Attributes:
        path: of the node, with the layers of repeats that it is in.
        span: its place in the spec.
        size: the root of the mean square.
        varies: by how much examples differ: the standard deviation over examples, the root of its
            mean square over units. 0 where all examples give the same.
        dead: the share of units that are 0 for every example.
    """

    path: str
    span: Span | None
    size: float
    varies: float
    dead: float


class _Survey(Watch):
    """Notes every value of a node, each in the order of its last statement."""

    def __init__(self, module: ModuleType, blueprint: Blueprint, examples: int) -> None:
        super().__init__(str(module.__file__), blueprint.source)
        self._places = Places(blueprint, self.statements)
        self._examples = examples
        self.rows: dict[str, Activations] = {}
        self._owners: set[str] = set()

    def _look(self, frame: FrameType, watched: Any, name: str, value: Any) -> None:
        if not _is_values(value, self._examples):
            return
        line = self._statement(watched).line
        turns = tuple(self._turns(frame))[::-1]
        sighting = Sighting(name, frame.f_code.co_qualname, line, (), turns)
        (path, span), layers = node_of(sighting, self._places)
        if span is None and self._places.find(line) is None:
            return
        for (owner, _), index in layers:
            self._owners.add(owner)
            if path == owner:  # a repeat of a single layer, which has no name of its own
                path = f"{owner}/{index}"
        if path not in self._owners:  # what a repeat gives is what its last layer gave
            self.rows[path] = _measured(path, span, np.asarray(value, np.float64))


def _is_values(value: Any, examples: int) -> bool:
    return (
        isinstance(value, jax.Array)
        and not isinstance(value, Tracer)  # one example inside of a vmap
        and value.ndim > 1
        and value.shape[0] == examples
        and value.size > 0
        and bool(jnp.issubdtype(value.dtype, jnp.floating))
    )


def _measured(path: str, span: Span | None, values: np.ndarray) -> Activations:
    """[examples, ..., units] in three numbers."""
    units = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
    return Activations(
        path,
        span,
        float(np.sqrt(np.mean(values**2))),
        float(np.sqrt(np.mean(values.std(axis=0) ** 2))),
        float(np.mean(units == 0)),
    )


def activations(
    module: ModuleType, blueprint: Blueprint, examples: int, forward: Callable[[], Any]
) -> list[Activations]:
    """The values of the nodes while `forward` runs, from the first node with weights on.

    What comes before holds the data itself: a pixel that is always black is no dead unit.
    """
    survey = _Survey(module, blueprint, examples)
    survey.run(forward)
    weighted = {each.path.rpartition("/")[0] for each in blueprint.weights.entries}
    rows = list(survey.rows.values())
    first = next((i for i, row in enumerate(rows) if row.path in weighted), len(rows))
    return rows[first:]
