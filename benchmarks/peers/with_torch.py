"""PyTorch, eager: modules, torch.optim.Adam, batches by indexing tensors in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.workloads import LEARNING_RATE, Workload
from graphc.data.batches import epoch_order

Prepared = Callable[[nn.Module], nn.Module]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE != "cpu":  # where it is the CPU, every call would be slower by it
    torch.set_default_device(DEVICE)


def held(array: np.ndarray) -> torch.Tensor:
    """An array on the device."""
    return torch.from_numpy(array).to(DEVICE)


class Dense(nn.Module):
    def __init__(self, names, sizes):
        super().__init__()
        self.names = names
        for name, a, b in zip(names, sizes[:-1], sizes[1:], strict=True):
            setattr(self, name, nn.Linear(a, b))

    def forward(self, x):
        x = x.flatten(1)
        for name in self.names[:-1]:
            x = functional.relu(getattr(self, name)(x))
        return getattr(self, self.names[-1])(x)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.logits = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.c1(x.permute(0, 3, 1, 2))), 2)
        x = functional.max_pool2d(functional.relu(self.c3(x)), 2)
        x = x.permute(0, 2, 3, 1).flatten(1)
        return self.logits(functional.relu(self.f6(functional.relu(self.c5(x)))))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.h, self.gate = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        gate = torch.sigmoid(self.gate(x))
        return gate * functional.relu(self.h(x)) + (1 - gate) * x


class Highway(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.dense = nn.Linear(784, width)
        self.highways = nn.ModuleList([Block(width) for _ in range(depth)])
        self.dense_2 = nn.Linear(width, 10)

    def forward(self, x):
        x = functional.relu(self.dense(x.flatten(1)))
        for block in self.highways:
            x = block(x)
        return self.dense_2(x)


def start(
    workload: Workload, arrays: dict, weights: dict, prepared: Prepared = lambda model: model
) -> Callable[[int], float]:
    """Trains the network; `prepared` is what becomes of it before."""
    model = _model(workload)
    load(model, weights)
    return classifier(model, arrays, workload, prepared)


def classifier(
    model: nn.Module, arrays: dict, workload: Workload, prepared: Prepared
) -> Callable[[int], float]:
    """What trains a network on images for an epoch."""
    network = model
    image = held(arrays["image"])
    label = held(arrays["label"]).long()

    def loss(rows: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(network(image[rows]), label[rows])

    sizes = workload.examples, workload.batch
    rate, precision = workload.learning_rate, workload.precision
    epoch = epochs(model, loss, *sizes, learning_rate=rate, precision=precision)
    network = prepared(model)  # not before the threads are chosen, or it is compiled for each
    return epoch


def epochs(
    model: nn.Module,
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    examples: int,
    batch: int,
    times: int = 30,
    learning_rate: float = LEARNING_RATE,
    precision: str = "float32",
) -> Callable[[int], float]:
    """What trains for an epoch, by its number, and gives the mean loss.

    Args:
        loss_of: the mean loss of the examples with these numbers.
        times: steps by which the number of threads is chosen.
        precision: of what products multiply, by autocast.
    """
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)

    def gradients(rows: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        with torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = loss_of(rows)
        loss.backward()
        return loss.detach()

    choose_threads(lambda: gradients(torch.arange(batch)), times)

    def epoch(number: int) -> float:
        order = held(epoch_order(examples, batch, 0, number))
        total = torch.zeros(())
        for rows in order:
            total += gradients(rows)
            optimizer.step()
        return float(total) / len(order)

    return epoch


def choose_threads(action: Callable[[], object], times: int = 30) -> None:
    """One thread or as many as there are cores: small networks lose by the second.

    Each has a second at most, and one action at least.
    """
    seconds = {}
    for threads in (torch.get_num_threads(), 1):
        torch.set_num_threads(threads)
        action()
        count, started = 0, time.perf_counter()
        while count < times and time.perf_counter() - started < 1:
            action()
            count += 1
        seconds[threads] = (time.perf_counter() - started) / count
    torch.set_num_threads(min(seconds, key=seconds.get))


def _model(workload: Workload) -> nn.Module:
    if workload.kind == "lenet":
        return LeNet()
    if workload.kind == "highway":
        return Highway(workload.widths[0], workload.depth)
    return Dense(workload.layers, (int(np.prod(workload.shape)), *workload.widths))


def load(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Give the parameters of a network, all of them, these values by their paths."""
    state = dict(_translated(path, array) for path, array in weights.items())
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = set(missing) & dict(model.named_parameters()).keys()
    assert not unexpected and not missing, (unexpected, missing)


def _translated(path: str, array: np.ndarray) -> tuple[str, torch.Tensor]:
    """The name and the layout that PyTorch gives an array."""
    name = path.replace("/", ".").replace("kernel", "weight").replace("scale", "weight")
    axes = {2: (1, 0), 4: (3, 2, 0, 1)}
    return name, torch.from_numpy(array.transpose(axes.get(array.ndim, (0,))).copy())
