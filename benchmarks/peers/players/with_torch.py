"""PyTorch, eager: a backward pass for each player."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from benchmarks.peers.with_torch import choose_threads
from benchmarks.players import MOMENTUM, RATE, SLOPE, Players
from graphc.data.batches import epoch_order


def _dense(sizes: tuple[int, ...], between: Callable[[], nn.Module]) -> nn.Sequential:
    parts: list[nn.Module] = []
    for a, b in zip(sizes[:-1], sizes[1:], strict=True):
        parts += [nn.Linear(a, b), between()]
    return nn.Sequential(*parts[:-1])


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    generator = _dense((workload.noise, *workload.generator), nn.ReLU)
    discriminator = _dense((784, *workload.discriminator), lambda: nn.LeakyReLU(SLOPE))
    for name, network in {"generator": generator, "discriminator": discriminator}.items():
        linear = [part for part in network if isinstance(part, nn.Linear)]
        for number, layer in enumerate(linear):
            path = f"{name}/dense" + (f"_{number + 1}" if number else "")
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weights[f"{path}/kernel"]).T)
                layer.bias.copy_(torch.from_numpy(weights[f"{path}/bias"]))
    pair = (generator, discriminator)
    rules = [torch.optim.Adam(each.parameters(), RATE, (MOMENTUM, 0.999)) for each in pair]
    images = torch.from_numpy(arrays["image"]).flatten(1)

    def step(rows: torch.Tensor) -> torch.Tensor:
        real = images[rows]
        fake = torch.sigmoid(generator(torch.randn(len(rows), workload.noise)))
        ones, zeros = torch.ones(len(rows), 1), torch.zeros(len(rows), 1)
        for rule in rules:
            rule.zero_grad()
        # Through the discriminator as it was: its own gradients come after.
        of_generator = bce(discriminator(fake), ones)
        slopes = torch.autograd.grad(of_generator, list(generator.parameters()))
        loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        loss.backward()
        for parameter, slope in zip(generator.parameters(), slopes, strict=True):
            parameter.grad = slope
        for rule in rules:
            rule.step()
        return (loss + of_generator).detach() / 2

    choose_threads(lambda: step(torch.arange(workload.batch)), 10)
    for name, network in {"generator": generator, "discriminator": discriminator}.items():
        _again(network, name, weights)

    def epoch(number: int) -> float:
        order = torch.from_numpy(epoch_order(workload.examples, workload.batch, 0, number))
        return float(sum(step(rows) for rows in order)) / len(order)

    return epoch
