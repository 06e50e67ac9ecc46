"""Flax NNX: a module for the block, and the training of all networks on images."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx

from benchmarks.peers.with_nnx import classifier
from benchmarks.residual import MOMENTUM, blocks, shortened
from benchmarks.workloads import Workload


def _conv(inputs, features, stride, rngs):
    return nnx.Conv(inputs, features, (3, 3), strides=stride, use_bias=False, rngs=rngs)


class Stem(nnx.Module):
    def __init__(self, rngs):
        self.conv = _conv(3, 16, 1, rngs)
        self.batch_norm = nnx.BatchNorm(16, momentum=MOMENTUM, rngs=rngs)

    def __call__(self, x):
        return nnx.relu(self.batch_norm(self.conv(x)))


class Block(nnx.Module):
    def __init__(self, inputs, features, stride, rngs):
        self.stride, self.more = stride, features - inputs
        self.conv = _conv(inputs, features, stride, rngs)
        self.batch_norm = nnx.BatchNorm(features, momentum=MOMENTUM, rngs=rngs)
        self.conv_2 = _conv(features, features, 1, rngs)
        self.batch_norm_2 = nnx.BatchNorm(features, momentum=MOMENTUM, rngs=rngs)

    def __call__(self, x):
        y = nnx.relu(self.batch_norm(self.conv(x)))
        y = self.batch_norm_2(self.conv_2(y))
        if self.stride > 1:
            x = jnp.pad(x[:, :: self.stride, :: self.stride], [(0, 0)] * 3 + [(0, self.more)])
        return nnx.relu(x + y)


class ResNet(nnx.Module):
    def __init__(self, depth, rngs):
        self.stem = Stem(rngs)
        order = [Block(each.inputs, each.features, each.stride, rngs) for each in blocks(depth)]
        self.blocks = nnx.List(order)
        self.dense = nnx.Linear(64, 10, rngs=rngs)

    def __call__(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.dense(x.mean((1, 2)))


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = ResNet(workload.depth, nnx.Rngs(0))
    names = [each.name for each in blocks(workload.depth)]
    places = dict(zip(names, model.blocks, strict=True)) | {"stem": model.stem, "": model}
    for path, array in shortened(weights).items():
        *parts, layer, word = path.split("/")
        getattr(getattr(places["/".join(parts)], layer), word)[...] = array
    return classifier(model, arrays, workload)
