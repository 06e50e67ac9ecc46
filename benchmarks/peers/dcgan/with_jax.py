"""JAX tuned by hand: one reverse pass over values that both share, and a call for each step.

A library convolution is slow in a loop on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import optax

from benchmarks.peers.players.with_jax import LEAKY, OPTIMIZER, PAIR, epochs, moved
from benchmarks.players import Players
from benchmarks.residual import EPSILON, MOMENTUM

NUMBERS = ("NHWC", "HWIO", "NHWC")


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    params = {
        name: {
            path.removeprefix(f"{name}/"): jnp.array(array)
            for path, array in weights.items()
            if path.startswith(name)
        }
        for name in PAIR
    }
    averages = {
        f"{name}/{path.removesuffix('/scale')}": (jnp.zeros_like(each), jnp.ones_like(each))
        for name in PAIR
        for path, each in params[name].items()
        if path.endswith("scale")
    }
    state = params, {name: OPTIMIZER.init(params[name]) for name in PAIR}, averages
    step = jax.jit(partial(_step, workload.noise), donate_argnums=0)

    def run(state, images, order, keys):
        losses = []
        for rows, key in zip(order, keys, strict=True):
            state, loss = step(state, images, rows, key)
            losses.append(loss)
        return state, jnp.stack(losses)

    return epochs(workload, jax.device_put(arrays["image"]), state, run)


def _step(noise, state, images, rows, key):
    params, memory, averages = state

    def both(params):
        after = dict(averages)
        fake = _generator(params["generator"], after, jax.random.normal(key, (len(rows), noise)))
        real, drawn = (
            _discriminator(params["discriminator"], after, each)
            for each in (images[rows], jax.nn.sigmoid(fake))
        )
        bce = optax.sigmoid_binary_cross_entropy
        losses = bce(real, 1.0).mean() + bce(drawn, 0.0).mean(), bce(drawn, 1.0).mean()
        return losses, after

    losses, pull, after = jax.vjp(both, params, has_aux=True)
    return (*moved(params, memory, pull), after), (losses[0] + losses[1]) / 2


def _generator(params, averages, z):
    def wider(name, x):
        x = jax.lax.conv_transpose(x, params[f"{name}/kernel"], (2, 2), "SAME")
        return x + params[f"{name}/bias"]

    x = z @ params["dense/kernel"] + params["dense/bias"]
    x = jax.nn.relu(_normalized(params, averages, "generator/batch_norm", x))
    x = wider("conv_transpose", x.reshape(-1, 7, 7, 64))
    x = jax.nn.relu(_normalized(params, averages, "generator/batch_norm_2", x))
    return wider("conv_transpose_2", x)


def _discriminator(params, averages, x):
    def smaller(name, x):
        kernel = params[f"{name}/kernel"]
        x = jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=NUMBERS)
        return x + params[f"{name}/bias"]

    x = smaller("conv_2", LEAKY(smaller("conv", x)))
    x = LEAKY(_normalized(params, averages, "discriminator/batch_norm", x))
    return x.reshape(len(x), -1) @ params["dense/kernel"] + params["dense/bias"]


def _normalized(params, averages, path, x):
    """Batch normalisation; the running averages at `path` are replaced by those after it."""
    name = path.split("/")[1]
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    variance = jnp.maximum(0, (x * x).mean(axes) - mean * mean)
    averages[path] = tuple(
        MOMENTUM * old + (1 - MOMENTUM) * jax.lax.stop_gradient(new)
        for old, new in zip(averages[path], (mean, variance), strict=True)
    )
    factor = params[f"{name}/scale"] * jax.lax.rsqrt(variance + EPSILON)
    return x * factor + (params[f"{name}/bias"] - mean * factor)
