"""PyTorch Geometric as its tutorials write it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional
from torch_geometric.nn import GCNConv

from benchmarks.citations import PATHS, RATE, UNITS, Citations
from benchmarks.peers.with_torch import choose_threads, held
from benchmarks.workloads import LEARNING_RATE


class Model(nn.Module):
    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.first = GCNConv(features, UNITS, cached=True)
        self.graph_conv = GCNConv(UNITS, classes, cached=True)

    def forward(self, x, edges):
        x = functional.dropout(x, RATE, training=self.training)
        x = functional.relu(self.first(x, edges))
        x = functional.dropout(x, RATE, training=self.training)
        return self.graph_conv(x, edges)


def start(workload: Citations, arrays: dict, weights: dict) -> Callable[[int], float]:
    x = held(arrays["features"][0])
    ends = [held(arrays[f"edges:{end}"][0]).long() for end in ("senders", "receivers")]
    edges, label = torch.stack(ends), held(arrays["label"][0]).long()
    counted = held(arrays["nodes:counted"][0])
    model = Model(x.shape[1], workload.classes)
    with torch.no_grad():
        for path in PATHS:
            layer = getattr(model, path)
            layer.lin.weight.copy_(held(weights[f"{path}/kernel"]).T)
            layer.bias.copy_(held(weights[f"{path}/bias"]))
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x, edges)[counted], label[counted])
        loss.backward()
        return loss.detach()

    choose_threads(step, 5)

    def epoch(number: int) -> float:
        total = torch.zeros(())
        for _ in range(workload.examples):
            total += step()
            optimizer.step()
        return float(total) / workload.examples

    return epoch
