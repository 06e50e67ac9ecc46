"""JAX tuned by hand: all that a loop need not do is before it or behind it.

The products with the input are one before the loop, those with the state of all gates one in it.
The gradient is written out: the backward loop has one product too, and the kernel's gradient is one
behind it. A whole epoch is one `scan` that gathers its batches.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.characters import Characters, cells
from benchmarks.peers.with_jax import OPTIMIZER, by_epoch, epochs, updated


def start(workload: Characters, arrays: dict, weights: dict) -> Callable[[int], float]:
    return training(workload, arrays, weights, partial(hoisted, GATES[workload.cell]))


def training(
    workload: Characters, arrays: dict, weights: dict, cell: Callable
) -> Callable[[int], float]:
    """Training with `cell(weights, x, alive)`, which gives [time, batch, units]."""
    params = _params(workload, weights)

    def step(state, data, rows):
        text, labels = data["text"][rows].T, data["next"][rows].T
        alive = None
        if workload.both_ways:
            alive = jnp.arange(workload.steps)[:, None] < data["time:length"][rows]

        def loss_of(params):
            logits = _forward(partial(_layer, cell), params, text, alive)
            each = -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], -1)[..., 0]
            return each.mean() if alive is None else jnp.sum(each, where=alive) / alive.sum()

        return updated(state, *jax.value_and_grad(loss_of)(state[0]))

    return epochs(by_epoch(step), (params, OPTIMIZER.init(params)), arrays, workload)


def _forward(layer: Callable, params, text, alive):
    x = params["table"][text]
    for each in params["layers"]:
        x = layer(each, x, alive)
    return x @ params["kernel"] + params["bias"]


def _layer(cell: Callable, params, x, alive):
    """One cell, or one over the steps and one from their end.

    From the end, what pads a sequence comes first and leaves the state as it began.
    """
    forward = cell(params[0], x, alive)
    if len(params) == 1:
        return forward
    backward = cell(params[1], x[::-1], alive[::-1])[::-1]
    return jnp.concatenate([forward, backward], -1)


def _elman(before, now, product):
    return (jnp.tanh(now + product),)


def _gru(before, now, product):
    (h,) = before
    (r_now, z_now, n_now), (r, z, n) = jnp.split(now, 3, -1), jnp.split(product, 3, -1)
    r, z = jax.nn.sigmoid(r_now + r), jax.nn.sigmoid(z_now + z)
    n = jnp.tanh(n_now + r * n)
    return ((1 - z) * n + z * h,)


def _lstm(before, now, product):
    _, c = before
    i, f, g, o = jnp.split(now + product, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


GATES = {"elman": _elman, "gru": _gru, "lstm": _lstm}
"""What a step makes of the state before and the two products: the state after it."""


def zeros(gates: Callable, params, x):
    """The state before the first step."""
    shape = (x.shape[1], params["state"].shape[0])
    return tuple(jnp.zeros(shape) for _ in range(2 if gates is _lstm else 1))


def held(gates: Callable, before, now, product, alive):
    """The state after a step, which leaves it alone where the sequence has ended."""
    after = gates(before, now, product)
    if alive is None:
        return after
    return tuple(
        jnp.where(alive[:, None] > 0, new, old) for new, old in zip(after, before, strict=True)
    )


def hoisted(gates: Callable, params, x, alive):
    """A cell over all steps, as an expert writes it."""
    now = x @ params["input"] + params["input_bias"]
    bias = params.get("state_bias", jnp.zeros(now.shape[-1]))
    alive = None if alive is None else alive.astype(jnp.float32)
    return _recurrence(gates, params["state"], bias, now, alive, zeros(gates, params, x))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recurrence(gates, kernel, bias, now, alive, begin):
    return _forward_loop(gates, kernel, bias, now, alive, begin)[0]


def _forward_loop(gates, kernel, bias, now, alive, begin):
    def step(before, at):
        now, alive = at
        product = before[0] @ kernel + bias
        after = held(gates, before, now, product, alive)
        return after, (after[0], before, product)

    _, (given, before, products) = jax.lax.scan(step, begin, (now, alive))
    return given, (kernel, now, alive, before, products)


def _backward_loop(gates, kept, wanted):
    kernel, now, alive, before, products = kept

    def step(pulled, at):
        (*values, alive), wanted = at
        _, pull = jax.vjp(lambda *each: held(gates, *each, alive), *values)
        (first, *others), *to_products = pull((pulled[0] + wanted, *pulled[1:]))
        return (first + to_products[-1] @ kernel.T, *others), to_products

    end = tuple(jnp.zeros_like(each[0]) for each in before)
    steps = ((before, now, products, alive), wanted)
    begin, (to_now, to_products) = jax.lax.scan(step, end, steps, reverse=True)
    to_kernel = jnp.einsum("tbi,tbj->ij", before[0], to_products)
    return to_kernel, to_products.sum((0, 1)), to_now, None, begin


_recurrence.defvjp(_forward_loop, _backward_loop)


def _params(workload: Characters, weights: dict[str, np.ndarray]) -> dict:
    layers = [[vars(cell) for cell in layer] for layer in cells(workload, weights)]
    if workload.cell != "gru":  # one bias is enough
        layers = [
            [{word: each for word, each in cell.items() if word != "state_bias"} for cell in layer]
            for layer in layers
        ]
    params = {"layers": layers, "table": weights["embed/table"]}
    params |= {word: weights[f"dense/{word}"] for word in ("kernel", "bias")}
    return jax.tree.map(jnp.array, params)
