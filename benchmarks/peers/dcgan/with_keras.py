"""Keras 3 on JAX: the networks, and the loop of all pairs."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from benchmarks.peers.players.with_keras import keras, training
from benchmarks.players import SLOPE, Players
from benchmarks.residual import EPSILON, MOMENTUM

WORDS = ("kernel", "scale", "bias")


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    pair = {"generator": _generator(workload.noise), "discriminator": _discriminator()}
    for name, model in pair.items():
        for layer in filter(lambda layer: layer.weights, model.layers):
            path = f"{name}/{layer.name}"
            own = [weights[f"{path}/{word}"] for word in WORDS if f"{path}/{word}" in weights]
            if "batch_norm" in path:
                own += [np.zeros_like(own[0]), np.ones_like(own[0])]
            if "conv_transpose" in path:  # Keras turns them, and has outputs before inputs
                own[0] = own[0][::-1, ::-1].swapaxes(2, 3)
            layer.set_weights(own)
    return training(workload, jax.device_put(arrays["image"]), **pair)


def _norm(name: str) -> keras.layers.Layer:
    return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)


def _generator(noise: int) -> keras.Model:
    layers = keras.layers
    wider = {"kernel_size": 4, "strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((noise,)),
            layers.Dense(3136, name="dense"),
            _norm("batch_norm"),
            layers.ReLU(),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(32, name="conv_transpose", **wider),
            _norm("batch_norm_2"),
            layers.ReLU(),
            layers.Conv2DTranspose(1, name="conv_transpose_2", **wider),
        ]
    )


def _discriminator() -> keras.Model:
    layers = keras.layers
    smaller = {"kernel_size": 4, "strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, name="conv", **smaller),
            layers.LeakyReLU(SLOPE),
            layers.Conv2D(64, name="conv_2", **smaller),
            _norm("batch_norm"),
            layers.LeakyReLU(SLOPE),
            layers.Flatten(),
            layers.Dense(1, name="dense"),
        ]
    )
