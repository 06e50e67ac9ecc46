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
from benchmarks.residual import EPSILON, MOMENTUM, blocks, shortened, stem
from benchmarks.workloads import Workload


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    params = {path: jnp.array(array) for path, array in shortened(weights).items()}
    averages = {
        path.removesuffix("scale"): (jnp.zeros_like(each), jnp.ones_like(each))
        for path, each in params.items()
        if path.endswith("scale")
    }
    optimizer = optax.adam(workload.learning_rate)
    step = partial(_step, workload, optimizer)
    state = (params, optimizer.init(params)), averages
    return epochs(by_step(step), state, arrays, workload)


def _step(workload: Workload, optimizer, state, data, rows):
    trained, averages = state

    def loss_of(params):
        logits, after = _forward(workload, params, averages, data["image"][rows])
        each = optax.softmax_cross_entropy_with_integer_labels(logits, data["label"][rows])
        return each.mean(), after

    (loss, after), slopes = jax.value_and_grad(loss_of, has_aux=True)(trained[0])
    trained, loss = updated(trained, loss, slopes, optimizer)
    return (trained, after), loss


def _forward(workload: Workload, params, averages, x):
    """The logits, and the running averages after the batch."""
    after, number = {}, jnp.dtype(workload.precision)

    def layer(name, x, conv):
        x = jax.lax.conv_general_dilated(
            x.astype(number),
            params[f"{name}/conv/kernel"].astype(number),
            (conv.stride, conv.stride),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        norm = f"{name}/batch_norm/"
        wide = x.astype(jnp.float32)
        mean = wide.mean((0, 1, 2))
        variance = jnp.maximum(0, (wide * wide).mean((0, 1, 2)) - mean * mean)
        after[norm] = tuple(
            MOMENTUM * old + (1 - MOMENTUM) * new
            for old, new in zip(averages[norm], (mean, variance), strict=True)
        )
        factor = params[f"{norm}scale"] * jax.lax.rsqrt(variance + EPSILON)
        return (wide * factor + (params[f"{norm}bias"] - mean * factor)).astype(number)

    def beside(block, x):
        """The way around."""
        if block.around is not None:
            return layer(f"{block.name}/around", x, block.around)
        if block.stride > 1:
            more = block.features - block.inputs
            return jnp.pad(x[:, ::2, ::2], [(0, 0)] * 3 + [(0, more)])
        return x

    first = stem(workload)
    x = jax.nn.relu(layer("stem/1", x, first))
    if first.stride > 1:
        sizes = (1, 3, 3, 1), (1, 2, 2, 1)
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, *sizes, "SAME")
    for block in blocks(workload):
        y, last = x, len(block.convs)
        for place, conv in block.convs.items():
            y = layer(f"{block.name}/{place}", y, conv)
            y = y if place == str(last) else jax.nn.relu(y)
        x = jax.nn.relu(y + beside(block, x))
    x = x.mean((1, 2), jnp.float32)
    return x @ params["dense/kernel"] + params["dense/bias"], after
