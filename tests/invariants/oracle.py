"""Networks compiled with some of the passes, and what they compute, so that it can be compared.

The emission without any pass is the oracle: it must not matter which passes ran, but for speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from strategies import CLASSES

from graphc.checker import check
from graphc.core.forms import FORMS
from graphc.core.span import Source
from graphc.core.types import (
    EDGES,
    ENDS,
    LENGTH,
    RECEIVERS,
    SENDERS,
    Type,
    is_uneven,
    nodes_axis,
)
from graphc.emit.module import emit
from graphc.graph.graph import Graph
from graphc.graph.weights import WeightMap
from graphc.ops.losses import CrossEntropy
from graphc.ops.optimizers import Sgd
from graphc.passes.manager import run_passes
from graphc.plan.plan import Objective, Plan, Program, Term
from graphc.runtime.module import module_from_source
from graphc.runtime.state import from_canonical, to_canonical

OPTIONAL = ("prune", "bands", "sparse", "roll", "merge", "gates", "points")
ALONE = {name: tuple(each for each in OPTIONAL if each != name) for name in OPTIONAL}
WITHOUT = {**ALONE, "all passes": ()}
"""For each set of passes, what is left out."""
ROWS, ABSENT, STEPS = 6, 2, 5
QUICK = {"xla_backend_optimization_level": 0}
"""Compiled quickly rather than well."""
quick_jit = partial(jax.jit, compiler_options=QUICK)


@dataclass(frozen=True)
class Made:
    """Networks after some passes, with a loss on the first output of the last network."""

    networks: Mapping[str, Graph]
    plan: Plan
    source: str
    weights: WeightMap
    module: ModuleType

    def state(self, seed: int = 0) -> Any:
        """A state of random numbers."""
        draw = np.random.default_rng(seed)
        shapes = jax.eval_shape(self.module.init, jax.random.key(0))
        return jax.tree.map(lambda each: draw.normal(size=each.shape).astype(each.dtype), shapes)

    def batch(self, seed: int = 0) -> dict[str, jax.Array]:
        """Random rows, of which the last ones are not there."""
        draw = np.random.default_rng(seed)
        rows = {
            name: _numbers(kind, draw) for name, kind in self.networks[self.plan.network].inputs
        }
        if any(is_uneven(kind) for _, kind in self.networks[self.plan.network].inputs):
            rows[LENGTH] = draw.integers(1, STEPS + 1, ROWS).astype(np.int32)
        if any(nodes_axis(kind) for _, kind in self.networks[self.plan.network].inputs):
            ends = draw.integers(0, STEPS, (2, ROWS, 2 * STEPS)).astype(np.int32)
            rows |= {SENDERS: ends[0], RECEIVERS: np.sort(ends[1])}
            rows[ENDS] = draw.integers(0, STEPS, (ROWS, STEPS, 2)).astype(np.int32)
        rows["label"] = draw.integers(0, CLASSES, ROWS).astype(np.int32)
        rows["mask"] = np.arange(ROWS) < ROWS - ABSENT
        return jax.tree.map(jnp.asarray, rows)

    def split(self, tree: Any) -> dict[str, np.ndarray]:
        """The arrays of params or statistics by the spec's paths."""
        flat = jax.tree_util.tree_leaves_with_path(tree)
        stored = {"/".join(str(key.key) for key in path): np.asarray(leaf) for path, leaf in flat}
        return self.weights.split(stored)


def graphs(text: str) -> dict[str, Graph]:
    """The networks of a spec."""
    return dict(check(Source("oracle.yaml", text)).networks)


def make(networks: Mapping[str, Graph], without: tuple[str, ...] = (), device: str = "cpu") -> Made:
    """The networks compiled without some passes."""
    graphs, _ = run_passes(networks, FORMS[device], without)
    network = list(graphs)[-1]
    ports = [port for port, _ in graphs[network].outputs]
    label = Type((), "int", CLASSES)
    port = ports[0] if len(ports) > 1 else None
    loss = Term("loss", CrossEntropy(), port, "label", target_type=label)
    objective = Objective(loss, (), tuple(graphs), Sgd(0.1))
    inputs = tuple((name, name) for name, _ in graphs[network].inputs)
    plan = Plan(network, inputs, (objective,))
    source = emit(Program("oracle", "oracle.yaml", graphs, plan)).source
    return Made(graphs, plan, source, WeightMap.of(graphs), module_from_source(source))


def _numbers(kind: Type, draw: np.random.Generator) -> np.ndarray:
    points = (2 * STEPS if axis.kind == EDGES.kind else STEPS for axis in kind.domain[1:])
    size = (ROWS, *points, *kind.shape)
    if kind.dtype == "int":
        return draw.integers(0, kind.below, size).astype(np.int32)
    return draw.normal(size=size).astype(np.float32)


def measure(made: Made) -> dict[str, dict[str, np.ndarray]]:
    """All that a network computes, by the spec's paths and the places of its outputs."""
    key = jax.random.key(3)
    # Alone, as in a run: fused with what follows, the last bits would differ.
    state = quick_jit(made.module.init)(key)
    found = quick_jit(_measured(made.module))(state, key, made.batch())
    found |= {name: state[name] for name in ("params", "statistics")}
    arrays = {name: made.split(found[name]) for name in ("params", "gradients")}
    arrays |= {name: made.split(found[name]) for name in ("statistics", "moved")}
    for name in ("training", "evaluation"):
        arrays[name] = {str(i): np.asarray(each) for i, each in enumerate(found[name])}
    return arrays


def _measured(module: ModuleType):
    def outputs(params, statistics, batch, **mode):
        found, after = module.forward(params, statistics, batch, **mode)
        return found if isinstance(found, tuple) else (found,), after

    def run(state, key, batch):
        params, statistics = state["params"], state["statistics"]
        training, pull, moved = jax.vjp(
            lambda params: outputs(params, statistics, batch, train=True, key=module.at(key, 5)),
            params,
            has_aux=True,
        )
        (gradients,) = pull(tuple(_cotangent(each) for each in training))
        evaluation, _ = outputs(params, moved, batch)
        return {
            "gradients": gradients,
            "moved": moved,
            "training": training,
            "evaluation": evaluation,
        }

    return run


def _cotangent(output: jax.Array) -> jax.Array:
    """Different numbers for each element, none for rows that are not there."""
    numbers = jnp.sin(jnp.arange(output.size, dtype=jnp.float32)).reshape(output.shape)
    rows = (jnp.arange(output.shape[0]) < ROWS - ABSENT).astype(jnp.float32)
    return numbers * rows.reshape(-1, *(1,) * (output.ndim - 1))


def close(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray], what: str) -> None:
    """Assert that arrays agree within what another order of sums makes of float32.

    Where a sum should be zero (the gradient of a bias before a batch_norm), what is left of it is
    the rounding of its terms, so that the largest of all the arrays is the measure.
    """
    assert one.keys() == other.keys(), what
    scale = max((float(np.max(np.abs(each), initial=0)) for each in one.values()), default=1)
    for name, array in one.items():
        message = f"{what} of {name}"
        np.testing.assert_allclose(
            other[name], array, rtol=2e-3, atol=2e-5 * scale, err_msg=message
        )


def same(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray], what: str) -> None:
    """Assert that arrays are equal bit for bit."""
    assert one.keys() == other.keys(), what
    for name, array in one.items():
        assert array.dtype == other[name].dtype, f"{what} of {name}"
        assert array.tobytes() == np.asarray(other[name]).tobytes(), f"{what} of {name}"


def require_same_meaning(networks: Mapping[str, Graph], device: str = "cpu") -> None:
    """Assert that each pass alone, and all of them, change nothing but speed."""
    oracle = make(networks, OPTIONAL, device)
    expected, known = None, {oracle.source}
    for name, without in WITHOUT.items():
        other = make(networks, without, device)
        if other.source in known:
            continue
        known.add(other.source)
        if expected is None:
            expected = measure(oracle)
        _require_equal(oracle, expected, other, measure(other), name)
        require_exchange(oracle, other)


def _require_equal(oracle: Made, expected: dict, other: Made, found: dict, what: str) -> None:
    kept = {each.path for each in other.weights.entries}
    gone = {each.path for each in oracle.weights.entries} - kept
    assert kept <= {each.path for each in oracle.weights.entries}
    for each in ("params", "statistics"):
        same(_only(expected[each], kept), found[each], f"{what}: initial {each}")
    for path in gone & expected["gradients"].keys():
        assert not expected["gradients"][path].any(), f"{what} removed {path}, which has a gradient"
    for each in ("gradients", "moved"):
        close(_only(expected[each], kept), found[each], f"{what}: {each}")
    for each in ("training", "evaluation"):
        close(expected[each], found[each], f"{what}: {each}")


def require_exchange(oracle: Made, other: Made) -> None:
    """Assert that each loads the checkpoints of the other, as far as it has the arrays."""
    whole, part = oracle.state(1), other.state(2)
    saved, loaded = to_canonical(whole, oracle.weights), to_canonical(part, other.weights)
    assert loaded.keys() <= saved.keys()
    again = from_canonical(saved, part, other.weights)
    same(_only(saved, loaded), to_canonical(again, other.weights), "checkpoint")
    mixed = from_canonical(saved | loaded, whole, oracle.weights)
    same(saved | loaded, to_canonical(mixed, oracle.weights), "checkpoint")
    assert jax.tree.structure(again) == jax.tree.structure(part)


def _only(arrays: Mapping[str, np.ndarray], paths) -> dict[str, np.ndarray]:
    return {path: array for path, array in arrays.items() if path in paths}
