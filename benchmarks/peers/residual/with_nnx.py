"""Flax NNX: modules for the layer and the block, and the training of all networks on images."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx

from benchmarks.peers.with_nnx import classifier
from benchmarks.residual import MOMENTUM, Conv, blocks, shortened, stem
from benchmarks.workloads import Workload


class Layer(nnx.Module):
    def __init__(self, inputs, conv: Conv, dtype, rngs):
        sizes = inputs, conv.features, (conv.kernel, conv.kernel)
        self.conv = nnx.Conv(*sizes, conv.stride, use_bias=False, dtype=dtype, rngs=rngs)
        self.batch_norm = nnx.BatchNorm(conv.features, momentum=MOMENTUM, dtype=dtype, rngs=rngs)

    def __call__(self, x):
        return self.batch_norm(self.conv(x))


class Block(nnx.Module):
    def __init__(self, block, dtype, rngs):
        self.stride, self.more = block.stride, block.features - block.inputs
        layers, inputs = {}, block.inputs
        for place, conv in block.convs.items():
            layers[place] = Layer(inputs, conv, dtype, rngs)
            inputs = conv.features
        self.layers = nnx.Dict(layers)
        around = block.around
        self.around = None if around is None else Layer(block.inputs, around, dtype, rngs)

    def __call__(self, x):
        y, last = x, str(len(self.layers))
        for place, layer in self.layers.items():
            y = layer(y) if place == last else nnx.relu(layer(y))
        if self.around is not None:
            x = self.around(x)
        elif self.stride > 1:
            x = jnp.pad(x[:, :: self.stride, :: self.stride], [(0, 0)] * 3 + [(0, self.more)])
        return nnx.relu(x + y)


class ResNet(nnx.Module):
    def __init__(self, workload: Workload, dtype, rngs):
        first, order = stem(workload), blocks(workload)
        self.pooled = first.stride > 1
        self.stem = Layer(3, first, dtype, rngs)
        self.blocks = nnx.List([Block(each, dtype, rngs) for each in order])
        self.dense = nnx.Linear(order[-1].features, workload.widths[-1], rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.stem(x))
        if self.pooled:
            x = nnx.max_pool(x, (3, 3), (2, 2), "SAME")
        for block in self.blocks:
            x = block(x)
        return self.dense(x.mean((1, 2), jnp.float32))


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = ResNet(workload, jnp.dtype(workload.precision), nnx.Rngs(0))
    places = {"": model, "stem/1": model.stem}
    for block, module in zip(blocks(workload), model.blocks, strict=True):
        layers = {**module.layers, "around": module.around}
        places |= {f"{block.name}/{place}": layer for place, layer in layers.items()}
    for path, array in shortened(weights).items():
        *parts, layer, word = path.split("/")
        getattr(getattr(places["/".join(parts)], layer), word)[...] = array
    return classifier(model, arrays, workload)
