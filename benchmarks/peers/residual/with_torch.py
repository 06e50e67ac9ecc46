"""PyTorch, eager. What convolutions with a stride are padded by is that of the others."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks import residual
from benchmarks.peers.with_torch import Prepared, classifier, load
from benchmarks.residual import EPSILON, MOMENTUM, Conv, blocks, shortened, stem
from benchmarks.workloads import Workload


def same(x, kernel: int, stride: int):
    """Padded for a stride: what is left over goes to the end."""
    around = max(kernel - stride, 0)
    pads = around // 2, around - around // 2
    return functional.pad(x, pads * 2) if around else x


class Layer(nn.Module):
    def __init__(self, inputs: int, conv: Conv) -> None:
        super().__init__()
        self.kernel, self.stride = conv.kernel, conv.stride
        padding = conv.kernel // 2 if conv.stride == 1 else 0
        sizes = inputs, conv.features, conv.kernel, conv.stride
        self.conv = nn.Conv2d(*sizes, padding, bias=False)
        self.batch_norm = nn.BatchNorm2d(conv.features, EPSILON, 1 - MOMENTUM)

    def forward(self, x):
        x = x if self.stride == 1 else same(x, self.kernel, self.stride)
        return self.batch_norm(self.conv(x))


class Block(nn.ModuleDict):
    def __init__(self, block: residual.Block) -> None:
        super().__init__()
        self.last, self.stride = str(len(block.convs)), block.stride
        self.more = block.features - block.inputs
        inputs = block.inputs
        for place, conv in block.convs.items():
            self[place] = Layer(inputs, conv)
            inputs = conv.features
        if block.around is not None:
            self["around"] = Layer(block.inputs, block.around)

    def forward(self, x):
        y = x
        for place in map(str, range(1, int(self.last))):
            y = functional.relu(self[place](y))
        y = self[self.last](y)
        if "around" in self:
            x = self["around"](x)
        elif self.stride > 1:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more))
        return functional.relu(x + y)


class ResNet(nn.Module):
    def __init__(self, workload: Workload) -> None:
        super().__init__()
        order = blocks(workload)
        self.stem = nn.ModuleDict({"1": Layer(3, stem(workload))})
        self.dense = nn.Linear(order[-1].features, workload.widths[-1])
        self.order = [each.name.replace("/", "_") for each in order]
        for name, each in zip(self.order, order, strict=True):
            setattr(self, name, Block(each))

    def forward(self, x):
        first = self.stem["1"]
        x = functional.relu(first(x.permute(0, 3, 1, 2)))
        if first.stride > 1:  # nothing is below the 0 that relu gives
            x = functional.max_pool2d(same(x, 3, 2), 3, 2)
        for name in self.order:
            x = getattr(self, name)(x)
        return self.dense(x.mean((2, 3)))


def start(
    workload: Workload, arrays: dict, weights: dict, prepared: Prepared = lambda model: model
) -> Callable[[int], float]:
    """As that of the other networks on images."""
    model = ResNet(workload).to(memory_format=torch.channels_last)
    short = shortened(weights)
    load(model, {_joined(path): array for path, array in short.items()})
    return classifier(model, arrays, workload, prepared)


def _joined(path: str) -> str:
    """`stage1/0/1/conv/kernel` as `stage1_0/1/conv/kernel`."""
    return path.replace("/", "_", 1) if path.startswith("stage") else path
