"""JAX tuned by hand: features as coordinates and numbers, whose dropout draws for these alone.

So they are where few are not 0; others are a matrix. All that the edges say is worked out before
the first step. An epoch is one `scan`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.citations import PATHS, RATE, Citations
from benchmarks.peers.with_jax import OPTIMIZER, updated

MOST = 0.12
"""The share of features that are not 0 up to which they are read alone."""


def start(workload: Citations, arrays: dict, weights: dict) -> Callable[[int], float]:
    features = arrays["features"][0]
    senders, receivers = arrays["edges:senders"][0], arrays["edges:receivers"][0]
    root = (np.bincount(receivers, minlength=len(features)) + 1) ** -0.5
    data = _features(features) | {
        "senders": senders,
        "receivers": receivers,
        "weights": (root[senders] * root[receivers]).astype(np.float32)[:, None],
        "own": (root**2).astype(np.float32)[:, None],
        "label": arrays["label"][0],
        "counted": arrays["nodes:counted"][0],
    }
    params = {
        path: {word: jnp.array(weights[f"{path}/{word}"]) for word in ("kernel", "bias")}
        for path in PATHS
    }
    state, data = (params, OPTIMIZER.init(params)), jax.device_put(data)

    @partial(jax.jit, donate_argnums=0)
    def run(state, data, keys):
        return jax.lax.scan(lambda state, key: _step(state, data, key), state, keys)

    def epoch(number: int) -> float:
        nonlocal state
        keys = jax.random.split(jax.random.key(number), workload.examples)
        state, losses = run(state, data, keys)
        return float(losses.mean())

    return epoch


def _features(features: np.ndarray) -> dict[str, np.ndarray]:
    if np.count_nonzero(features) > MOST * features.size:
        return {"features": features}
    rows, columns = np.nonzero(features)
    values, zero = features[rows, columns], (0, len(rows) % 2)
    found = {"rows": rows.astype(np.int32), "columns": columns.astype(np.int32), "values": values}
    # Of an odd number of values random numbers are drawn several times as slowly.
    return {
        word: np.pad(each, zero, "edge" if word == "rows" else "constant")
        for word, each in found.items()
    }


def _step(state, data, key):
    def loss_of(params):
        logits = _forward(params, data, *jax.random.split(key))
        each = optax.softmax_cross_entropy_with_integer_labels(logits, data["label"])
        return jnp.mean(each, where=data["counted"])

    return updated(state, *jax.value_and_grad(loss_of)(state[0]))


def _forward(params, data, key, other):
    nodes = len(data["label"])
    first, second = (params[path] for path in PATHS)
    if "features" in data:
        x = _dropped(data["features"], key) @ first["kernel"]
    else:
        values = _dropped(data["values"], key)
        terms = values[:, None] * first["kernel"][data["columns"]]
        x = jax.ops.segment_sum(terms, data["rows"], nodes, indices_are_sorted=True)
    x = jax.nn.relu(_along(x, data) + first["bias"])
    return _along(_dropped(x, other) @ second["kernel"], data) + second["bias"]


def _along(x, data):
    sent = data["weights"] * x[data["senders"]]
    total = jax.ops.segment_sum(sent, data["receivers"], len(x), indices_are_sorted=True)
    return total + data["own"] * x


def _dropped(x, key):
    return jnp.where(jax.random.bernoulli(key, 1 - RATE, x.shape), x / (1 - RATE), 0)
