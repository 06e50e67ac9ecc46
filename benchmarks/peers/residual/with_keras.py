"""Keras 3 on JAX: a functional model and `fit`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.peers.with_keras import classifier, keras
from benchmarks.residual import EPSILON, MOMENTUM, blocks, shortened
from benchmarks.workloads import Workload


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = _model(workload.depth)
    short = shortened(weights)
    for layer in filter(lambda layer: layer.weights, model.layers):
        path = layer.name.replace(".", "/")
        own = [short[f"{path}/{word}"] for word in WORDS if f"{path}/{word}" in short]
        if "batch_norm" in path:
            own += [np.zeros_like(own[0]), np.ones_like(own[0])]
        layer.set_weights(own)
    return classifier(model, arrays, workload)


WORDS = ("kernel", "scale", "bias")


def _model(depth: int) -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = keras.layers.ReLU()(_layer("stem", "", image, 16, 1))
    for block in blocks(depth):
        y = keras.layers.ReLU()(_layer(block.name, "", x, block.features, block.stride))
        y = _layer(block.name, "_2", y, block.features, 1)
        if block.stride > 1:
            more = block.features - block.inputs
            x = keras.ops.pad(x[:, ::2, ::2], [(0, 0)] * 3 + [(0, more)])
        x = keras.layers.ReLU()(keras.layers.Add()([x, y]))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(10, name="dense")(x))


def _layer(name: str, number: str, x, features: int, stride: int):
    name = name.replace("/", ".")
    x = keras.layers.Conv2D(
        features, 3, stride, padding="same", use_bias=False, name=f"{name}.conv{number}"
    )(x)
    norm = keras.layers.BatchNormalization(
        momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}.batch_norm{number}"
    )
    return norm(x)
