"""Flax NNX as its guides write it: modules, nnx.Optimizer and nnx.jit, a call for each step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.workloads import Workload
from graphc.data.batches import epoch_order


class Dense(nnx.Module):
    def __init__(self, sizes, rngs):
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in pairwise(sizes)])

    def __call__(self, x):
        x = x.reshape(len(x), -1)
        for layer in self.layers[:-1]:
            x = nnx.relu(layer(x))
        return self.layers[-1](x)


class LeNet(nnx.Module):
    def __init__(self, rngs):
        self.c1 = nnx.Conv(1, 6, (5, 5), rngs=rngs)
        self.c3 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.c5 = nnx.Linear(400, 120, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, rngs=rngs)
        self.logits = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.c3(x)), (2, 2), strides=(2, 2))
        x = x.reshape(len(x), -1)
        return self.logits(nnx.relu(self.f6(nnx.relu(self.c5(x)))))


class Block(nnx.Module):
    def __init__(self, width, rngs):
        self.h = nnx.Linear(width, width, rngs=rngs)
        self.gate = nnx.Linear(width, width, rngs=rngs)

    def __call__(self, x):
        gate = nnx.sigmoid(self.gate(x))
        return gate * nnx.relu(self.h(x)) + (1 - gate) * x


class Highway(nnx.Module):
    def __init__(self, width, depth, rngs):
        self.dense = nnx.Linear(784, width, rngs=rngs)
        self.highways = nnx.List([Block(width, rngs) for _ in range(depth)])
        self.dense_2 = nnx.Linear(width, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.dense(x.reshape(len(x), -1)))
        for block in self.highways:
            x = block(x)
        return self.dense_2(x)


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    return classifier(_model(workload, weights), arrays, workload)


def classifier(model: nnx.Module, arrays: dict, workload: Workload) -> Callable[[int], float]:
    """What trains a network on images for an epoch."""
    rule = optax.adam(workload.learning_rate)
    optimizer = nnx.Optimizer(model, rule, wrt=nnx.Param)

    def loss_of(model, image, label):
        return optax.softmax_cross_entropy_with_integer_labels(model(image), label).mean()

    @nnx.jit
    def train_step(model, optimizer, image, label):
        loss, gradients = nnx.value_and_grad(loss_of)(model, image, label)
        optimizer.update(model, gradients)
        return loss

    def epoch(number: int) -> float:
        total = jnp.zeros(())
        for rows in epoch_order(workload.examples, workload.batch, 0, number):
            image, label = arrays["image"][rows], arrays["label"][rows]
            total += train_step(model, optimizer, image, label)
        return float(total) / (workload.examples // workload.batch)

    return epoch


def _model(workload: Workload, weights: dict[str, np.ndarray]) -> nnx.Module:
    rngs = nnx.Rngs(0)
    if workload.kind == "lenet":
        model = LeNet(rngs)
        places = {name: getattr(model, name) for name in ("c1", "c3", "c5", "f6", "logits")}
    elif workload.kind == "highway":
        model = Highway(workload.widths[0], workload.depth, rngs)
        places = {"dense": model.dense, "dense_2": model.dense_2}
        for i, block in enumerate(model.highways):
            places |= {f"highways/{i}/h": block.h, f"highways/{i}/gate": block.gate}
    else:
        model = Dense((int(np.prod(workload.shape)), *workload.widths), rngs)
        places = dict(zip(workload.layers, model.layers, strict=True))
    for path, layer in places.items():
        layer.kernel[...] = weights[f"{path}/kernel"]
        layer.bias[...] = weights[f"{path}/bias"]
    return model
