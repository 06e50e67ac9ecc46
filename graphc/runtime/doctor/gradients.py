"""The gradient before any training: how large it is in each layer, and whether it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.core.span import Span
from graphc.graph.weights import Entry, WeightMap
from graphc.runtime.state import State, from_canonical, to_canonical

# A step over the kink of a relu measures nothing; a shorter one does not reach it.
_STEPS = (1e-5, 1e-7, 1e-9, 1e-10)
_PRECISION, _TOLERANCE, _MOVE = 1e-14, 0.02, 0.02
_MOST_CHECKED = 16


@dataclass(frozen=True)
class Gradient:
    """The gradient of one kernel.

    Attributes:
        path: of the array in the spec.
        span: the place of its node.
        size: the root of its mean square.
        share: that as a share of the array's own; None for an array of zeros.
    """

    path: str
    span: Span | None
    size: float
    share: float | None


@dataclass(frozen=True)
class Mismatch:
    """An array whose gradient is not what the loss does."""

    path: str
    span: Span | None
    analytic: float
    numeric: float


def mean_loss(module: ModuleType, state: State, batch: Any, key: Any) -> Callable[[Any], Any]:
    """The loss of a batch in training mode as a function of the parameters."""

    def loss(params: Any) -> Any:
        outputs, _ = module.forward(params, state["statistics"], batch, train=True, key=key)
        totals = module.sums(outputs, batch)
        return totals["loss"] / totals["count"]

    return loss


def gradients(loss: Callable, params: Any, weights: WeightMap) -> list[Gradient]:
    """The gradients of all kernels (arrays of two axes or more), in the order of the spec."""
    found = to_canonical({"params": jax.jit(jax.grad(loss))(params)}, weights)
    arrays = to_canonical({"params": params}, weights)
    rows = []
    for entry in weights.entries:
        name = f"params/{entry.path}"
        if name in found and found[name].ndim > 1:
            size, own = _size(found[name]), _size(arrays[name])
            rows.append(Gradient(entry.path, _span(entry), size, size / own if own else None))
    return rows


def mismatches(
    module: ModuleType, state: State, batch: Mapping[str, Any], key: Any, weights: WeightMap
) -> list[Mismatch]:
    """The arrays along which the loss changes otherwise than its gradient says, in float64.

    The weights are moved a little first: a bias of 0 is a kink of relu where a patch is black.
    For each array, the derivative in a random direction is compared with the difference of two
    losses, `(loss(w + h d) - loss(w - h d)) / 2h`; of many arrays, some spread over the network.
    """
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        double = jax.tree.map(_double, {name: state[name] for name in ("params", "statistics")})
        loss = jax.jit(mean_loss(module, double, jax.tree.map(_double, dict(batch)), key))
        params = _moved(double["params"])
        analytic = to_canonical({"params": jax.grad(loss)(params)}, weights)
        draw = np.random.default_rng(0)
        found = []
        for entry in _spread(weights, analytic):
            direction = _direction(entry, params, weights, draw)
            slope = _dot(analytic, to_canonical({"params": direction}, weights))
            line = _Line(loss, params, direction)
            if not any(line.agrees(slope, each) for each in _STEPS):
                found.append(Mismatch(entry.path, _span(entry), slope, line.slope(_STEPS[0])))
        return found


@dataclass(frozen=True)
class _Line:
    """The loss along a direction from the parameters."""

    loss: Callable[[Any], Any]
    params: Any
    direction: Any

    def agrees(self, slope: float, step: float) -> bool:
        """Whether this slope is the one that such a step measures, as far as float64 can tell."""
        measured = self.slope(step)
        rounding = _PRECISION * (1 + abs(float(self.loss(self.params)))) / step
        return abs(measured - slope) <= _TOLERANCE * max(abs(measured), abs(slope)) + rounding

    def slope(self, step: float) -> float:
        """The difference of two losses by the way between them."""
        ahead, behind = (
            float(self.loss(jax.tree.map(lambda w, d, h=h: w + h * d, self.params, self.direction)))
            for h in (step, -step)
        )
        return (ahead - behind) / (2 * step)


def _spread(weights: WeightMap, known: Mapping[str, Any]) -> list[Entry]:
    entries = [each for each in weights.entries if f"params/{each.path}" in known]
    step = -(-len(entries) // _MOST_CHECKED) or 1
    return entries[::step]


def _direction(entry: Entry, params: Any, weights: WeightMap, draw: np.random.Generator) -> Any:
    """Random numbers of length 1 for one array of the spec, zeros for all others."""
    arrays = to_canonical({"params": params}, weights)
    chosen = draw.normal(size=arrays[f"params/{entry.path}"].shape)
    arrays = {name: np.zeros_like(array) for name, array in arrays.items()}
    arrays[f"params/{entry.path}"] = chosen / np.linalg.norm(chosen)
    return from_canonical(arrays, {"params": params}, weights)["params"]


def _moved(params: Any) -> Any:
    draw = np.random.default_rng(1)
    return jax.tree.map(lambda each: each + _MOVE * draw.normal(size=each.shape), params)


def _double(array: Any) -> Any:
    floating = jnp.issubdtype(array.dtype, jnp.floating)
    return jnp.asarray(array, jnp.float64) if floating else jnp.asarray(array)


def _dot(one: Mapping[str, np.ndarray], two: Mapping[str, np.ndarray]) -> float:
    return float(sum(np.sum(one[name] * two[name]) for name in one))


def _size(array: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.asarray(array, np.float64) ** 2))) if array.size else 0.0


def _span(entry: Entry) -> Span | None:
    return entry.nodes[-1].span if entry.nodes else None
