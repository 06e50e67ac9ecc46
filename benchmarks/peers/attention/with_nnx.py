"""Flax NNX: modules around `nnx.dot_product_attention`, and a call of nnx.jit for each step.

`nnx.MultiHeadAttention` turns no positions.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import optax
from flax import nnx

from benchmarks.transformers import EPSILON, Transformer, angles, shortened
from benchmarks.workloads import LEARNING_RATE
from graphc.data.batches import epoch_order


class Attention(nnx.Module):
    def __init__(self, workload: Transformer, rngs):
        self.heads, units = workload.heads, workload.units
        self.query, self.key, self.value, self.out = (
            nnx.Linear(units, units, dtype=workload.precision, rngs=rngs) for _ in range(4)
        )

    def __call__(self, x, turns):
        split = (*x.shape[:2], self.heads, -1)
        query, key, value = (
            layer(x).reshape(split) for layer in (self.query, self.key, self.value)
        )
        mask = nnx.make_causal_mask(x[..., 0])
        x = nnx.dot_product_attention(turned(query, turns), turned(key, turns), value, mask=mask)
        return self.out(x.reshape(*x.shape[:2], -1))


class Layer(nnx.Module):
    def __init__(self, workload: Transformer, rngs):
        units, given = workload.units, {"dtype": workload.precision, "rngs": rngs}
        self.layer_norm = nnx.LayerNorm(units, epsilon=EPSILON, **given)
        self.attention = Attention(workload, rngs)
        self.layer_norm_2 = nnx.LayerNorm(units, epsilon=EPSILON, **given)
        self.dense = nnx.Linear(units, 4 * units, **given)
        self.dense_2 = nnx.Linear(4 * units, units, **given)

    def __call__(self, x, turns):
        x = x + self.attention(self.layer_norm(x), turns)
        return x + self.dense_2(nnx.gelu(self.dense(self.layer_norm_2(x))))


class Model(nnx.Module):
    def __init__(self, workload: Transformer, rngs):
        units, self.features = workload.units, workload.units // workload.heads
        given = {"dtype": workload.precision, "rngs": rngs}
        self.embed = nnx.Embed(workload.symbols, units, **given)
        self.layers = nnx.List([Layer(workload, rngs) for _ in range(workload.depth)])
        self.layer_norm = nnx.LayerNorm(units, epsilon=EPSILON, **given)
        self.dense = nnx.Linear(units, workload.symbols, **given)

    def __call__(self, text):
        x, turns = self.embed(text), angles(text.shape[1], self.features)
        for layer in self.layers:
            x = layer(x, turns)
        return self.dense(self.layer_norm(x)).astype(jnp.float32)


def turned(x, turns):
    """Rotary positions of [batch, steps, heads, features]."""
    cos, sin = (turn(turns)[:, None].astype(x.dtype) for turn in (jnp.cos, jnp.sin))
    even, odd = x[..., ::2], x[..., 1::2]
    pairs = jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return pairs.reshape(x.shape)


def start(workload: Transformer, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = Model(workload, nnx.Rngs(0))
    for path, array in shortened(weights).items():
        *parts, word = path.replace("table", "embedding").split("/")
        owner = model
        for part in parts:
            owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
        getattr(owner, word)[...] = array
    optimizer = nnx.Optimizer(model, optax.adam(LEARNING_RATE), wrt=nnx.Param)

    def loss_of(model, text, labels):
        return optax.softmax_cross_entropy_with_integer_labels(model(text), labels).mean()

    @nnx.jit
    def train_step(model, optimizer, text, labels):
        loss, gradients = nnx.value_and_grad(loss_of)(model, text, labels)
        optimizer.update(model, gradients)
        return loss

    def epoch(number: int) -> float:
        total = jnp.zeros(())
        for rows in epoch_order(workload.examples, workload.batch, 0, number):
            total += train_step(model, optimizer, arrays["text"][rows], arrays["next"][rows])
        return float(total) / (workload.examples // workload.batch)

    return epoch
