"""Keras 3 on JAX: a functional model and `fit`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.peers.with_keras import classifier, keras
from benchmarks.residual import EPSILON, MOMENTUM, Conv, blocks, shortened, stem
from benchmarks.workloads import Workload


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = _model(workload)
    short = shortened(weights)
    for layer in filter(lambda layer: layer.weights, model.layers):
        path = layer.name.replace(".", "/")
        own = [short[f"{path}/{word}"] for word in WORDS if f"{path}/{word}" in short]
        if "batch_norm" in path:
            own += [np.zeros_like(own[0]), np.ones_like(own[0])]
        layer.set_weights(own)
    return classifier(model, arrays, workload)


WORDS = ("kernel", "scale", "bias")


def _model(workload: Workload) -> keras.Model:
    image = keras.Input(workload.shape)
    x = keras.layers.ReLU()(_layer("stem/1", image, stem(workload)))
    for block in blocks(workload):
        y, last = x, str(len(block.convs))
        for place, conv in block.convs.items():
            y = _layer(f"{block.name}/{place}", y, conv)
            y = y if place == last else keras.layers.ReLU()(y)
        if block.stride > 1:
            more = block.features - block.inputs
            x = keras.ops.pad(x[:, ::2, ::2], [(0, 0)] * 3 + [(0, more)])
        x = keras.layers.ReLU()(keras.layers.Add()([x, y]))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(10, name="dense")(x))


def _layer(name: str, x, conv: Conv):
    name = name.replace("/", ".")
    x = keras.layers.Conv2D(
        conv.features,
        conv.kernel,
        conv.stride,
        padding="same",
        use_bias=False,
        name=f"{name}.conv",
    )(x)
    norm = keras.layers.BatchNormalization(
        momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}.batch_norm"
    )
    return norm(x)
