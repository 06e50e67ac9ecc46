"""Flax NNX as one writes it: a jitted step for each player, one after the other."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.players import MOMENTUM, RATE, Players, layers
from graphc.data.batches import epoch_order

BCE = optax.sigmoid_binary_cross_entropy


class Dense(nnx.Module):
    def __init__(self, sizes, between, rngs):
        self.between, self.names = between, layers(len(sizes) - 1)
        for name, a, b in zip(self.names, sizes[:-1], sizes[1:], strict=True):
            setattr(self, name, nnx.Linear(a, b, rngs=rngs))

    def __call__(self, x):
        for name in self.names[:-1]:
            x = self.between(getattr(self, name)(x))
        return getattr(self, self.names[-1])(x)


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    rngs = nnx.Rngs(0)
    generator = Dense((workload.noise, *workload.generator), nnx.relu, rngs)
    discriminator = Dense((784, *workload.discriminator), nnx.leaky_relu, rngs)
    for name, network in {"generator": generator, "discriminator": discriminator}.items():
        for layer in network.names:
            for word in ("kernel", "bias"):
                getattr(getattr(network, layer), word)[...] = weights[f"{name}/{layer}/{word}"]
    images = jnp.asarray(arrays["image"].reshape(len(arrays["image"]), -1))
    return training(workload, images, generator, discriminator)


def training(
    workload: Players, images: jax.Array, generator: nnx.Module, discriminator: nnx.Module
) -> Callable[[int], float]:
    """What trains both for an epoch."""
    rule = optax.adam(RATE, b1=MOMENTUM)
    of_generator = nnx.Optimizer(generator, rule, wrt=nnx.Param)
    of_discriminator = nnx.Optimizer(discriminator, rule, wrt=nnx.Param)

    @nnx.jit
    def slopes_of_discriminator(discriminator, generator, images, z):
        fake = nnx.sigmoid(generator(z))

        def loss_of(discriminator):
            real, drawn = discriminator(images), discriminator(fake)
            return BCE(real, 1.0).mean() + BCE(drawn, 0.0).mean()

        return nnx.value_and_grad(loss_of)(discriminator)

    @nnx.jit
    def step_of_generator(generator, optimizer, discriminator, z):
        def loss_of(generator, discriminator):
            return BCE(discriminator(nnx.sigmoid(generator(z))), 1.0).mean()

        loss, slopes = nnx.value_and_grad(loss_of)(generator, discriminator)
        optimizer.update(generator, slopes)
        return loss

    @nnx.jit
    def move(discriminator, optimizer, slopes):
        optimizer.update(discriminator, slopes)

    def epoch(number: int) -> float:
        losses = []
        for step, rows in enumerate(epoch_order(workload.examples, workload.batch, 0, number)):
            key = jax.random.fold_in(jax.random.key(number), step)
            z = jax.random.normal(key, (len(rows), workload.noise))
            # Both at once: the generator learns from the discriminator as it was.
            one, slopes = slopes_of_discriminator(discriminator, generator, images[rows], z)
            other = step_of_generator(generator, of_generator, discriminator, z)
            move(discriminator, of_discriminator, slopes)
            losses.append((one + other) / 2)
        return float(np.mean(jax.device_get(losses)))

    return epoch
