"""Keras 3 on JAX: its recurrent layers and `fit`."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "jax"  # before keras is imported

import keras
import numpy as np

from benchmarks.characters import EMBEDDED, SYMBOLS, Cell, Characters, cells
from benchmarks.workloads import LEARNING_RATE
from graphc.data.batches import epoch_order

LAYERS = {"elman": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def start(workload: Characters, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = _model(workload, weights)
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="mean_with_sample_weight"
    )
    model.compile(keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8), loss)

    def epoch(number: int) -> float:
        rows = epoch_order(workload.examples, workload.batch, 0, number).reshape(-1)
        given, there = {"text": arrays["text"][rows]}, None
        if workload.both_ways:
            given["mask"] = np.arange(workload.steps) < arrays["time:length"][rows, None]
            there = given["mask"].astype(np.float32)
        history = model.fit(
            *(given, arrays["next"][rows], workload.batch),
            sample_weight=there,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        return float(np.asarray(history.history["loss"][-1]))

    return epoch


def _model(workload: Characters, weights: dict[str, np.ndarray]) -> keras.Model:
    inputs = {"text": keras.Input([workload.steps], dtype="int32", name="text")}
    mask = None
    if workload.both_ways:
        inputs["mask"] = mask = keras.Input([workload.steps], dtype="bool", name="mask")
    embed, dense = keras.layers.Embedding(SYMBOLS, EMBEDDED), keras.layers.Dense(SYMBOLS)
    x = embed(inputs["text"])
    for given in cells(workload, weights):
        layer = LAYERS[workload.cell](workload.width, return_sequences=True)
        if workload.both_ways:
            layer = keras.layers.Bidirectional(layer)
        x = layer(x, mask=mask)
        layer.set_weights([each for cell in given for each in _translated(workload, cell)])
    model = keras.Model(inputs, dense(x))
    embed.set_weights([weights["embed/table"]])
    dense.set_weights([weights["dense/kernel"], weights["dense/bias"]])
    return model


def _translated(workload: Characters, cell: Cell) -> list[np.ndarray]:
    """The arrays as Keras has them: a GRU's gates in another order, and with both biases."""
    if workload.cell != "gru":
        return [cell.input, cell.state, cell.input_bias]
    kernel, state = _turned(cell.input), _turned(cell.state)
    return [kernel, state, np.stack([_turned(cell.input_bias), _turned(cell.state_bias)])]


def _turned(array: np.ndarray) -> np.ndarray:
    """Gates r, z, n as z, r, n."""
    r, z, n = np.split(array, 3, -1)
    return np.concatenate([z, r, n], -1)
