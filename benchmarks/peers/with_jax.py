"""JAX tuned by hand: plain arrays, donation, and nothing that training does not need.

Dense and highway networks run a whole epoch in one `scan` that gathers its batches, highway layers
in a `scan` of their own; a library convolution is slow in a loop on the CPU, so LeNet-5 is a call
for each step, and pools by slices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.workloads import LEARNING_RATE, Workload
from graphc.data.batches import epoch_order

OPTIMIZER = optax.adam(LEARNING_RATE)


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    forwards = {"dense": partial(_dense, workload.layers), "lenet": lenet, "highway": _highway}
    loop = by_step if workload.kind == "lenet" else by_epoch
    return training(workload, arrays, weights, forwards[workload.kind], loop)


def training(
    workload: Workload, arrays: dict, weights: dict, forward: Callable, loop: Callable
) -> Callable[[int], float]:
    """What trains by `forward(params, images)`, with the steps of an epoch as `loop` has them."""
    optimizer = optax.adam(workload.learning_rate)
    run = loop(partial(_step, forward, optimizer))
    params = _params(workload, weights)
    return epochs(run, (params, optimizer.init(params)), arrays, workload)


def epochs(run: Callable, state: tuple, arrays: dict, workload) -> Callable[[int], float]:
    """Trains an epoch by `run(state, data, order)`, which gives the state and the mean loss."""
    data = jax.device_put(arrays)

    def epoch(number: int) -> float:
        nonlocal state
        order = epoch_order(workload.examples, workload.batch, 0, number)
        state, loss = run(state, data, order)
        return float(loss)

    return epoch


def by_epoch(step: Callable) -> Callable:
    """All steps of an epoch in one `scan`."""

    @partial(jax.jit, donate_argnums=0)
    def run(state, data, order):
        state, losses = jax.lax.scan(lambda state, rows: step(state, data, rows), state, order)
        return state, losses.mean()

    return run


def by_step(step: Callable) -> Callable:
    """A call for each step of an epoch."""
    compiled = jax.jit(step, donate_argnums=0)

    def run(state, data, order):
        losses = []
        for rows in order:
            state, loss = compiled(state, data, rows)
            losses.append(loss)
        return state, np.mean(jax.device_get(losses))

    return run


def _step(forward: Callable, optimizer, state, data, rows):
    def loss_of(params):
        logits = forward(params, data["image"][rows])
        labels = data["label"][rows]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return updated(state, *jax.value_and_grad(loss_of)(state[0]), optimizer)


def updated(state, loss, gradients, optimizer=OPTIMIZER):
    """The state after a step, and the loss."""
    params, memory = state
    updates, memory = optimizer.update(gradients, memory, params)
    return (optax.apply_updates(params, updates), memory), loss


def _linear(layer, x):
    return x @ layer["kernel"] + layer["bias"]


def _dense(names, params, x):
    x = x.reshape(len(x), -1)
    for name in names[:-1]:
        x = jax.nn.relu(_linear(params[name], x))
    return _linear(params[names[-1]], x)


def _pool(x):
    return jnp.maximum(
        jnp.maximum(x[:, ::2, ::2], x[:, 1::2, ::2]), jnp.maximum(x[:, ::2, 1::2], x[:, 1::2, 1::2])
    )


def _conv(layer, x, padding):
    numbers = ("NHWC", "HWIO", "NHWC")
    x = jax.lax.conv_general_dilated(x, layer["kernel"], (1, 1), padding, dimension_numbers=numbers)
    return x + layer["bias"]


def lenet(params, x, conv=_conv):
    x = _pool(jax.nn.relu(conv(params["c1"], x, "SAME")))
    x = _pool(jax.nn.relu(conv(params["c3"], x, "VALID")))
    x = x.reshape(len(x), -1)
    for name in ("c5", "f6"):
        x = jax.nn.relu(_linear(params[name], x))
    return _linear(params["logits"], x)


def _highway(params, x):
    def block(x, layer):
        gate = jax.nn.sigmoid(_linear(layer["gate"], x))
        return gate * jax.nn.relu(_linear(layer["h"], x)) + (1 - gate) * x, None

    x = jax.nn.relu(_linear(params["dense"], x.reshape(len(x), -1)))
    x, _ = jax.lax.scan(block, x, params["highways"])
    return _linear(params["dense_2"], x)


def _params(workload: Workload, weights: dict[str, np.ndarray]) -> dict:
    """`{layer: {kernel, bias}}`; highway layers are stacked."""
    params: dict = {}
    for path, array in weights.items():
        if not path.startswith("highways/"):
            layer, name = path.split("/")
            params.setdefault(layer, {})[name] = jnp.array(array)
    if workload.kind == "highway":
        params["highways"] = {
            part: {
                name: jnp.stack(
                    [weights[f"highways/{i}/{part}/{name}"] for i in range(workload.depth)]
                )
                for name in ("kernel", "bias")
            }
            for part in ("h", "gate")
        }
    return params
