"""Flax NNX as one writes it: a module for the layer, sums over segments, a call for each step."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.citations import PATHS, RATE, UNITS, Citations
from benchmarks.workloads import LEARNING_RATE


class GraphConv(nnx.Module):
    def __init__(self, features_in, features, rngs):
        self.linear = nnx.Linear(features_in, features, use_bias=False, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros(features))

    def __call__(self, x, senders, receivers):
        nodes = len(x)
        ones = jnp.ones(len(receivers))
        root = jax.lax.rsqrt(jax.ops.segment_sum(ones, receivers, nodes) + 1)[:, None]
        x = root * self.linear(x)
        return root * (jax.ops.segment_sum(x[senders], receivers, nodes) + x) + self.bias


class Model(nnx.Module):
    def __init__(self, features, classes, rngs):
        self.first = GraphConv(features, UNITS, rngs)
        self.graph_conv = GraphConv(UNITS, classes, rngs)
        self.dropout = nnx.Dropout(RATE, rngs=rngs)

    def __call__(self, x, senders, receivers):
        x = nnx.relu(self.first(self.dropout(x), senders, receivers))
        return self.graph_conv(self.dropout(x), senders, receivers)


def start(workload: Citations, arrays: dict, weights: dict) -> Callable[[int], float]:
    data = {name: jnp.asarray(array[0]) for name, array in arrays.items()}
    model = Model(data["features"].shape[1], workload.classes, nnx.Rngs(0))
    for path in PATHS:
        layer = getattr(model, path)
        layer.linear.kernel[...] = weights[f"{path}/kernel"]
        layer.bias[...] = weights[f"{path}/bias"]
    optimizer = nnx.Optimizer(model, optax.adam(LEARNING_RATE), wrt=nnx.Param)
    ends = data["edges:senders"], data["edges:receivers"]

    def loss_of(model, data):
        logits = model(data["features"], *ends)
        each = optax.softmax_cross_entropy_with_integer_labels(logits, data["label"])
        return jnp.mean(each, where=data["nodes:counted"])

    @nnx.jit
    def train_step(model, optimizer, data):
        loss, gradients = nnx.value_and_grad(loss_of)(model, data)
        optimizer.update(model, gradients)
        return loss

    def epoch(number: int) -> float:
        losses = [train_step(model, optimizer, data) for _ in range(workload.examples)]
        return float(np.mean(jax.device_get(losses)))

    return epoch
