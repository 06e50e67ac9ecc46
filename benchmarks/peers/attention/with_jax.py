"""JAX tuned by hand: query, key and value in one product, and an epoch in one `scan`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.peers.with_jax import OPTIMIZER, by_epoch, epochs, updated
from benchmarks.transformers import EPSILON, Transformer, angles, shortened

PARTS = ("query", "key", "value")


def start(workload: Transformer, arrays: dict, weights: dict) -> Callable[[int], float]:
    params = _params(workload, shortened(weights))
    step = partial(_step, workload)
    return epochs(by_epoch(step), (params, OPTIMIZER.init(params)), arrays, workload)


def _step(workload: Transformer, state, data, rows):
    number = jnp.dtype(workload.precision)

    def loss_of(params):
        narrow = jax.tree.map(lambda each: each.astype(number), params)
        logits = _forward(workload, narrow, data["text"][rows]).astype(jnp.float32)
        labels = data["next"][rows]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return updated(state, *jax.value_and_grad(loss_of)(state[0]))


def _forward(workload: Transformer, params, text):
    x = params["embed/table"][text]
    turns = angles(workload.steps, workload.units // workload.heads)
    cos, sin = (turn(turns)[:, None].astype(x.dtype) for turn in (np.cos, np.sin))

    def turned(x):
        even, odd = x[..., ::2], x[..., 1::2]
        pairs = jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
        return pairs.reshape(x.shape)

    def attention(layer, x):
        joined = _linear(layer, "attention", x).reshape(*x.shape[:2], 3, workload.heads, -1)
        query, key, value = (joined[:, :, part] for part in range(3))
        x = jax.nn.dot_product_attention(turned(query), turned(key), value, is_causal=True)
        return _linear(layer, "attention/out", x.reshape(*x.shape[:2], -1))

    for layer in params["layers"]:
        x = x + attention(layer, _normalized(layer, "layer_norm", x))
        y = jax.nn.gelu(_linear(layer, "dense", _normalized(layer, "layer_norm_2", x)))
        x = x + _linear(layer, "dense_2", y)
    return _linear(params, "dense", _normalized(params, "layer_norm", x))


def _linear(params, name, x):
    return x @ params[f"{name}/kernel"] + params[f"{name}/bias"]


def _normalized(params, name, x):
    wide = x.astype(jnp.float32)
    mean = wide.mean(-1, keepdims=True)
    variance = jnp.maximum(0, (wide * wide).mean(-1, keepdims=True) - mean * mean)
    factor = jax.lax.rsqrt(variance + EPSILON) * params[f"{name}/scale"]
    return ((wide - mean) * factor + params[f"{name}/bias"]).astype(x.dtype)


def _params(workload: Transformer, weights: dict[str, np.ndarray]) -> dict:
    """The weights by their paths, those of layers apart, query, key and value as one."""
    layers = []
    for place in range(workload.depth):
        start = f"layers/{place}/"
        layer = {
            path.removeprefix(start): array
            for path, array in weights.items()
            if path.startswith(start)
        }
        for word in ("kernel", "bias"):
            parts = [layer.pop(f"attention/{part}/{word}") for part in PARTS]
            layer[f"attention/{word}"] = np.concatenate(parts, -1)
        layers.append(layer)
    others = {path: array for path, array in weights.items() if not path.startswith("layers/")}
    return jax.tree.map(jnp.array, others | {"layers": layers})
