"""JAX tuned by hand: plain arrays, donated, and a call for each step.

A library convolution is slow in a loop on the CPU, so neither steps nor blocks are a `scan`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import optax

from benchmarks.peers.with_jax import by_step, epochs, updated
from benchmarks.residual import EPSILON, MOMENTUM, Block, blocks, shortened
from benchmarks.workloads import Workload


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    params = {path: jnp.array(array) for path, array in shortened(weights).items()}
    averages = {
        path.removesuffix("scale"): (jnp.zeros_like(each), jnp.ones_like(each))
        for path, each in params.items()
        if path.endswith("scale")
    }
    optimizer = optax.adam(workload.learning_rate)
    step = partial(_step, tuple(blocks(workload.depth)), optimizer)
    state = (params, optimizer.init(params)), averages
    return epochs(by_step(step), state, arrays, workload)


def _step(order: tuple[Block, ...], optimizer, state, data, rows):
    trained, averages = state

    def loss_of(params):
        logits, after = _forward(order, params, averages, data["image"][rows])
        each = optax.softmax_cross_entropy_with_integer_labels(logits, data["label"][rows])
        return each.mean(), after

    (loss, after), slopes = jax.value_and_grad(loss_of, has_aux=True)(trained[0])
    trained, loss = updated(trained, loss, slopes, optimizer)
    return (trained, after), loss


def _forward(order: tuple[Block, ...], params, averages, x):
    """The logits, and the running averages after the batch."""
    after = {}

    def layer(name, number, x, stride=1):
        x = jax.lax.conv_general_dilated(
            x,
            params[f"{name}/conv{number}/kernel"],
            (stride, stride),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        norm = f"{name}/batch_norm{number}/"
        mean = x.mean((0, 1, 2))
        variance = jnp.maximum(0, (x * x).mean((0, 1, 2)) - mean * mean)
        after[norm] = tuple(
            MOMENTUM * old + (1 - MOMENTUM) * new
            for old, new in zip(averages[norm], (mean, variance), strict=True)
        )
        factor = params[f"{norm}scale"] * jax.lax.rsqrt(variance + EPSILON)
        return x * factor + (params[f"{norm}bias"] - mean * factor)

    x = jax.nn.relu(layer("stem", "", x))
    for block in order:
        y = jax.nn.relu(layer(block.name, "", x, block.stride))
        y = layer(block.name, "_2", y)
        if block.stride > 1:
            more = block.features - block.inputs
            x = jnp.pad(x[:, ::2, ::2], [(0, 0)] * 3 + [(0, more)])
        x = jax.nn.relu(x + y)
    return x.mean((1, 2)) @ params["dense/kernel"] + params["dense/bias"], after
