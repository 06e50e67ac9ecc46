"""JAX tuned by hand: one reverse pass over values that both share, an epoch in one `scan`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import optax

from benchmarks.players import MOMENTUM, RATE, SLOPE, Players, layers
from graphc.data.batches import epoch_order

OPTIMIZER = optax.adam(RATE, b1=MOMENTUM)
LEAKY = partial(jax.nn.leaky_relu, negative_slope=SLOPE)
PAIR = ("discriminator", "generator")


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    params = {}
    for name in PAIR:
        own = layers(len(getattr(workload, name)))
        params[name] = [
            {word: jnp.array(weights[f"{name}/{layer}/{word}"]) for word in ("kernel", "bias")}
            for layer in own
        ]
    state = params, {name: OPTIMIZER.init(params[name]) for name in PAIR}
    images = jax.device_put(arrays["image"].reshape(len(arrays["image"]), -1))
    step = partial(_step, workload.noise)

    @partial(jax.jit, donate_argnums=0)
    def run(state, images, order, keys):
        return jax.lax.scan(lambda state, given: step(state, images, *given), state, (order, keys))

    return epochs(workload, images, state, run)


def epochs(workload: Players, images: jax.Array, state: tuple, run: Callable):
    """What trains both for an epoch by `run(state, images, order, keys)`."""

    def epoch(number: int) -> float:
        nonlocal state
        order = epoch_order(workload.examples, workload.batch, 0, number)
        state, losses = run(
            state, images, order, jax.random.split(jax.random.key(number), len(order))
        )
        return float(losses.mean())

    return epoch


def _step(noise, state, images, rows, key):
    params, memory = state
    images = images[rows]

    def both(params):
        z = jax.random.normal(key, (len(images), noise))
        fake = jax.nn.sigmoid(_dense(params["generator"], z, jax.nn.relu))
        judge = partial(_dense, params["discriminator"], between=LEAKY)
        real, drawn = judge(images), judge(fake)
        bce = optax.sigmoid_binary_cross_entropy
        return bce(real, 1.0).mean() + bce(drawn, 0.0).mean(), bce(drawn, 1.0).mean()

    losses, pull = jax.vjp(both, params)
    return moved(params, memory, pull), (losses[0] + losses[1]) / 2


def moved(params, memory, pull):
    """The parameters and the memory after each player followed its own loss."""
    after, kept = {}, {}
    for place, name in enumerate(PAIR):
        (slopes,) = pull(tuple(jnp.float32(i == place) for i in range(2)))
        updates, kept[name] = OPTIMIZER.update(slopes[name], memory[name])
        after[name] = optax.apply_updates(params[name], updates)
    return after, kept


def _dense(params, x, between):
    for layer in params[:-1]:
        x = between(x @ layer["kernel"] + layer["bias"])
    return x @ params[-1]["kernel"] + params[-1]["bias"]
