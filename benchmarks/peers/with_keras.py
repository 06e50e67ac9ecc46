"""Keras 3 on JAX: a functional model and `fit`."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "jax"  # before keras is imported

import keras
import numpy as np

from benchmarks.workloads import Workload
from graphc.data.batches import epoch_order


def start(
    workload: Workload, arrays: dict, weights: dict, steps_per_execution: int = 1
) -> Callable[[int], float]:
    model = _model(workload)
    for layer in model.layers:
        if layer.weights:
            path = layer.name.replace(".", "/")
            layer.set_weights([weights[f"{path}/kernel"], weights[f"{path}/bias"]])
    return classifier(model, arrays, workload, steps_per_execution)


def classifier(
    model: keras.Model, arrays: dict, workload: Workload, steps_per_execution: int = 1
) -> Callable[[int], float]:
    """What trains a network on images for an epoch."""
    model.compile(
        keras.optimizers.Adam(workload.learning_rate, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps_per_execution,
    )

    def epoch(number: int) -> float:
        rows = epoch_order(workload.examples, workload.batch, 0, number).reshape(-1)
        image, label = arrays["image"][rows], arrays["label"][rows]
        history = model.fit(image, label, workload.batch, epochs=1, verbose=0, shuffle=False)
        return float(np.asarray(history.history["loss"][-1]))

    return epoch


def _model(workload: Workload) -> keras.Model:
    image = keras.Input(workload.shape)
    if workload.kind == "lenet":
        return keras.Model(image, _lenet(image))
    x = keras.layers.Flatten()(image)
    if workload.kind == "highway":
        return keras.Model(image, _highway(x, workload))
    for name, width in zip(workload.layers[:-1], workload.widths[:-1], strict=True):
        x = keras.layers.Dense(width, "relu", name=name)(x)
    return keras.Model(image, keras.layers.Dense(10, name=workload.layers[-1])(x))


def _lenet(x):
    x = keras.layers.Conv2D(6, 5, padding="same", activation="relu", name="c1")(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(16, 5, activation="relu", name="c3")(x)
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    x = keras.layers.Dense(120, "relu", name="c5")(x)
    x = keras.layers.Dense(84, "relu", name="f6")(x)
    return keras.layers.Dense(10, name="logits")(x)


def _highway(x, workload: Workload):
    width = workload.widths[0]
    x = keras.layers.Dense(width, "relu", name="dense")(x)
    for i in range(workload.depth):
        h = keras.layers.Dense(width, "relu", name=f"highways.{i}.h")(x)
        gate = keras.layers.Dense(width, "sigmoid", name=f"highways.{i}.gate")(x)
        x = gate * h + (1 - gate) * x
    return keras.layers.Dense(10, name="dense_2")(x)
