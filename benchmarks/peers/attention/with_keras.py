"""Keras 3 on JAX: a functional model around `keras.ops.dot_product_attention`, and `fit`."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "jax"  # before keras is imported

import keras
import numpy as np

from benchmarks.transformers import EPSILON, Transformer, angles, shortened
from benchmarks.workloads import LEARNING_RATE
from graphc.data.batches import epoch_order

WORDS = ("table", "kernel", "scale", "bias")


def start(workload: Transformer, arrays: dict, weights: dict) -> Callable[[int], float]:
    model, short = _model(workload), shortened(weights)
    for layer in filter(lambda layer: layer.weights, model.layers):
        path = layer.name.replace(".", "/")
        layer.set_weights([short[f"{path}/{word}"] for word in WORDS if f"{path}/{word}" in short])
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    def epoch(number: int) -> float:
        rows = epoch_order(workload.examples, workload.batch, 0, number).reshape(-1)
        text, labels = arrays["text"][rows], arrays["next"][rows]
        history = model.fit(text, labels, workload.batch, epochs=1, verbose=0, shuffle=False)
        return float(np.asarray(history.history["loss"][-1]))

    return epoch


def _model(workload: Transformer) -> keras.Model:
    text = keras.Input([workload.steps], dtype="int32")
    x = keras.layers.Embedding(workload.symbols, workload.units, name="embed")(text)
    for place in range(workload.depth):
        x = _layer(workload, f"layers.{place}", x)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, name="layer_norm")(x)
    return keras.Model(text, keras.layers.Dense(workload.symbols, name="dense")(x))


def _layer(workload: Transformer, name: str, x):
    def dense(word, units, x):
        return keras.layers.Dense(units, name=f"{name}.{word}")(x)

    def normalized(word, x):
        return keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{name}.{word}")(x)

    units, features = workload.units, workload.units // workload.heads
    y = normalized("layer_norm", x)
    query, key, value = (
        keras.layers.Reshape((workload.steps, workload.heads, features))(
            dense(f"attention.{part}", units, y)
        )
        for part in ("query", "key", "value")
    )
    y = keras.ops.dot_product_attention(
        _turned(workload, query), _turned(workload, key), value, is_causal=True
    )
    y = keras.layers.Reshape((workload.steps, units))(y)
    x = x + dense("attention.out", units, y)
    y = keras.ops.gelu(dense("dense", 4 * units, normalized("layer_norm_2", x)))
    return x + dense("dense_2", units, y)


def _turned(workload: Transformer, x):
    features = workload.units // workload.heads
    turns = angles(workload.steps, features)[:, None]
    cos, sin = np.cos(turns), np.sin(turns)
    even, odd = x[..., ::2], x[..., 1::2]
    pairs = keras.ops.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return keras.layers.Reshape((workload.steps, workload.heads, features))(pairs)
