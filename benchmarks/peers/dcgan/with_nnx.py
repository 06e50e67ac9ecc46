"""Flax NNX as one writes it: the networks, and the training of all pairs."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx

from benchmarks.peers.players.with_nnx import training
from benchmarks.players import Players
from benchmarks.residual import MOMENTUM


class Generator(nnx.Module):
    def __init__(self, noise, rngs):
        self.dense = nnx.Linear(noise, 3136, rngs=rngs)
        self.batch_norm = nnx.BatchNorm(3136, momentum=MOMENTUM, rngs=rngs)
        self.conv_transpose = nnx.ConvTranspose(64, 32, (4, 4), strides=2, rngs=rngs)
        self.batch_norm_2 = nnx.BatchNorm(32, momentum=MOMENTUM, rngs=rngs)
        self.conv_transpose_2 = nnx.ConvTranspose(32, 1, (4, 4), strides=2, rngs=rngs)

    def __call__(self, z):
        x = nnx.relu(self.batch_norm(self.dense(z))).reshape(-1, 7, 7, 64)
        x = nnx.relu(self.batch_norm_2(self.conv_transpose(x)))
        return self.conv_transpose_2(x)


class Discriminator(nnx.Module):
    def __init__(self, rngs):
        self.conv = nnx.Conv(1, 32, (4, 4), strides=2, rngs=rngs)
        self.conv_2 = nnx.Conv(32, 64, (4, 4), strides=2, rngs=rngs)
        self.batch_norm = nnx.BatchNorm(64, momentum=MOMENTUM, rngs=rngs)
        self.dense = nnx.Linear(3136, 1, rngs=rngs)

    def __call__(self, image):
        x = self.conv_2(nnx.leaky_relu(self.conv(image)))
        x = nnx.leaky_relu(self.batch_norm(x))
        return self.dense(x.reshape(len(x), -1))


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    rngs = nnx.Rngs(0)
    pair = {"generator": Generator(workload.noise, rngs), "discriminator": Discriminator(rngs)}
    for path, array in weights.items():
        name, layer, word = path.split("/")
        getattr(getattr(pair[name], layer), word)[...] = array
    return training(workload, jnp.asarray(arrays["image"]), **pair)
