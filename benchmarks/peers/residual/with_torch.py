"""PyTorch, eager. What convolutions with a stride are padded by is that of the others."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.with_torch import Prepared, classifier, load
from benchmarks.residual import EPSILON, MOMENTUM, blocks, shortened
from benchmarks.workloads import Workload


def _conv(inputs: int, features: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, features, 3, stride, padding=int(stride == 1), bias=False)


def _norm(features: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(features, EPSILON, 1 - MOMENTUM)


class Stem(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.batch_norm = _conv(3, 16), _norm(16)

    def forward(self, x):
        return functional.relu(self.batch_norm(self.conv(x)))


class Block(nn.Module):
    def __init__(self, inputs: int, features: int, stride: int) -> None:
        super().__init__()
        self.stride, self.more = stride, features - inputs
        self.conv, self.batch_norm = _conv(inputs, features, stride), _norm(features)
        self.conv_2, self.batch_norm_2 = _conv(features, features), _norm(features)

    def forward(self, x):
        y = functional.pad(x, (0, 1, 0, 1)) if self.stride > 1 else x
        y = functional.relu(self.batch_norm(self.conv(y)))
        y = self.batch_norm_2(self.conv_2(y))
        if self.stride > 1:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more))
        return functional.relu(x + y)


class ResNet(nn.Module):
    def __init__(self, depth: int) -> None:
        super().__init__()
        self.stem, self.dense = Stem(), nn.Linear(64, 10)
        self.order = [each.name.replace("/", "_") for each in blocks(depth)]
        for name, each in zip(self.order, blocks(depth), strict=True):
            setattr(self, name, Block(each.inputs, each.features, each.stride))

    def forward(self, x):
        x = self.stem(x.permute(0, 3, 1, 2))
        for name in self.order:
            x = getattr(self, name)(x)
        return self.dense(x.mean((2, 3)))


def start(
    workload: Workload, arrays: dict, weights: dict, prepared: Prepared = lambda model: model
) -> Callable[[int], float]:
    """As that of the other networks on images."""
    model = ResNet(workload.depth).to(memory_format=torch.channels_last)
    short = shortened(weights)
    load(model, {_joined(path): array for path, array in short.items()})
    return classifier(model, arrays, workload, prepared)


def _joined(path: str) -> str:
    """`stage1/0/conv/kernel` as `stage1_0/conv/kernel`."""
    return path.replace("/", "_", 1) if path.startswith("stage") else path
