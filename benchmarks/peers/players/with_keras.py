"""Keras 3 on JAX: models, and a loop by hand around stateless calls, as its guide has it."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "jax"  # before keras is imported

import jax
import keras
import numpy as np

from benchmarks.players import MOMENTUM, RATE, SLOPE, Players, layers
from graphc.data.batches import epoch_order

BCE = keras.losses.BinaryCrossentropy(from_logits=True)


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    generator = _dense(workload.noise, workload.generator, keras.layers.ReLU)
    discriminator = _dense(784, workload.discriminator, lambda: keras.layers.LeakyReLU(SLOPE))
    pair = {"generator": generator, "discriminator": discriminator}
    rules = {}
    for name, model in pair.items():
        own = [each for each in model.layers if each.weights]
        for layer, word in zip(own, layers(len(own)), strict=True):
            path = f"{name}/{word}"
            layer.set_weights([weights[f"{path}/kernel"], weights[f"{path}/bias"]])
        rules[name] = keras.optimizers.Adam(RATE, beta_1=MOMENTUM, epsilon=1e-8)
        rules[name].build(model.trainable_variables)

    def drawn(variables, z):
        return keras.ops.sigmoid(generator.stateless_call(variables, [], z)[0])

    def score(variables, images):
        return discriminator.stateless_call(variables, [], images)[0]

    def of_discriminator(own, other, images, z):
        real, fake = score(own, images), score(own, drawn(other, z))
        ones = keras.ops.ones_like(real)
        return BCE(ones, real) + BCE(0 * ones, fake)

    def of_generator(own, other, z):
        fake = score(other, drawn(own, z))
        return BCE(keras.ops.ones_like(fake), fake)

    @jax.jit
    def step(state, images, z):
        (one, other), (memory, remembered) = state
        first, slopes = jax.value_and_grad(of_discriminator)(one, other, images, z)
        second, grades = jax.value_and_grad(of_generator)(other, one, z)
        one, memory = rules["discriminator"].stateless_apply(memory, slopes, one)
        other, remembered = rules["generator"].stateless_apply(remembered, grades, other)
        return ((one, other), (memory, remembered)), (first + second) / 2

    names = ("discriminator", "generator")
    state = (
        tuple([each.value for each in pair[name].trainable_variables] for name in names),
        tuple([each.value for each in rules[name].variables] for name in names),
    )
    images = jax.device_put(arrays["image"].reshape(len(arrays["image"]), -1))

    def epoch(number: int) -> float:
        nonlocal state
        losses = []
        for turn, rows in enumerate(epoch_order(workload.examples, workload.batch, 0, number)):
            key = jax.random.fold_in(jax.random.key(number), turn)
            z = jax.random.normal(key, (len(rows), workload.noise))
            state, loss = step(state, images[rows], z)
            losses.append(loss)
        return float(np.mean(jax.device_get(losses)))

    return epoch


def _dense(inputs: int, widths: tuple[int, ...], between: Callable) -> keras.Model:
    x = given = keras.Input((inputs,))
    for width in widths[:-1]:
        x = between()(keras.layers.Dense(width)(x))
    return keras.Model(given, keras.layers.Dense(widths[-1])(x))
