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
    for name, model in pair.items():
        own = [each for each in model.layers if each.weights]
        for layer, word in zip(own, layers(len(own)), strict=True):
            path = f"{name}/{word}"
            layer.set_weights([weights[f"{path}/kernel"], weights[f"{path}/bias"]])
    images = jax.device_put(arrays["image"].reshape(len(arrays["image"]), -1))
    return training(workload, images, generator, discriminator)


def training(
    workload: Players, images: jax.Array, generator: keras.Model, discriminator: keras.Model
) -> Callable[[int], float]:
    """What trains both for an epoch."""
    pair = {"discriminator": discriminator, "generator": generator}
    rules = {}
    for name, model in pair.items():
        rules[name] = keras.optimizers.Adam(RATE, beta_1=MOMENTUM, epsilon=1e-8)
        rules[name].build(model.trainable_variables)

    def drawn(variables, averages, z):
        image, averages = generator.stateless_call(variables, averages, z, training=True)
        return keras.ops.sigmoid(image), averages

    def score(variables, averages, images):
        return discriminator.stateless_call(variables, averages, images, training=True)

    def of_discriminator(own, other, averages, images, z):
        real, first = score(own, averages[0], images)
        image, second = drawn(other, averages[1], z)
        fake, first = score(own, first, image)
        ones = keras.ops.ones_like(real)
        return BCE(ones, real) + BCE(0 * ones, fake), (first, second)

    def of_generator(own, other, averages, z):
        fake, _ = score(other, averages[0], drawn(own, averages[1], z)[0])
        return BCE(keras.ops.ones_like(fake), fake)

    @jax.jit
    def step(state, images, z):
        (one, other), (memory, remembered), averages = state
        judged = jax.value_and_grad(of_discriminator, has_aux=True)
        (first, after), slopes = judged(one, other, averages, images, z)
        second, grades = jax.value_and_grad(of_generator)(other, one, averages, z)
        one, memory = rules["discriminator"].stateless_apply(memory, slopes, one)
        other, remembered = rules["generator"].stateless_apply(remembered, grades, other)
        return ((one, other), (memory, remembered), after), (first + second) / 2

    state = (
        tuple([each.value for each in model.trainable_variables] for model in pair.values()),
        tuple([each.value for each in rules[name].variables] for name in pair),
        tuple([each.value for each in model.non_trainable_variables] for model in pair.values()),
    )

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
