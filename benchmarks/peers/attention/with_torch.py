"""PyTorch, eager: modules around `scaled_dot_product_attention`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.with_torch import Prepared, epochs, held, load
from benchmarks.transformers import EPSILON, Transformer, angles, shortened


class Attention(nn.Module):
    def __init__(self, workload: Transformer) -> None:
        super().__init__()
        self.heads, units = workload.heads, workload.units
        for name in ("query", "key", "value", "out"):
            setattr(self, name, nn.Linear(units, units))

    def forward(self, x, turns):
        def split(x):
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        query, key = (turned(split(layer(x)), turns) for layer in (self.query, self.key))
        value = split(self.value(x))
        x = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.out(x.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, workload: Transformer) -> None:
        super().__init__()
        units = workload.units
        self.layer_norm = nn.LayerNorm(units, EPSILON)
        self.layer_norm_2 = nn.LayerNorm(units, EPSILON)
        self.attention = Attention(workload)
        self.dense, self.dense_2 = nn.Linear(units, 4 * units), nn.Linear(4 * units, units)

    def forward(self, x, turns):
        x = x + self.attention(self.layer_norm(x), turns)
        y = functional.gelu(self.dense(self.layer_norm_2(x)), approximate="tanh")
        return x + self.dense_2(y)


class Model(nn.Module):
    def __init__(self, workload: Transformer) -> None:
        super().__init__()
        units = workload.units
        self.embed = nn.Embedding(workload.symbols, units)
        self.layers = nn.ModuleList([Layer(workload) for _ in range(workload.depth)])
        self.layer_norm, self.dense = (
            nn.LayerNorm(units, EPSILON),
            nn.Linear(units, workload.symbols),
        )
        turns = held(angles(workload.steps, units // workload.heads))
        self.turns = (torch.cos(turns), torch.sin(turns))

    def forward(self, text):
        x = self.embed(text)
        for layer in self.layers:
            x = layer(x, self.turns)
        return self.dense(self.layer_norm(x))


def turned(x, turns):
    """Rotary positions of [batch, heads, steps, features]."""
    cos, sin = turns
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


def start(
    workload: Transformer, arrays: dict, weights: dict, prepared: Prepared = lambda model: model
) -> Callable[[int], float]:
    """Trains the network; `prepared` is what becomes of it before."""
    model, short = Model(workload), shortened(weights)
    # An embedding is no product: its table stays as it is.
    short["embed/kernel"] = short.pop("embed/table").T
    load(model, short)
    network = model
    text, labels = (held(arrays[name]).long() for name in ("text", "next"))

    def loss(rows: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(network(text[rows]).flatten(0, 1), labels[rows].flatten())

    sizes, precision = (workload.examples, workload.batch), workload.precision
    epoch = epochs(model, loss, *sizes, times=3, precision=precision)
    network = prepared(model)  # as for images, after the threads are chosen
    return epoch
