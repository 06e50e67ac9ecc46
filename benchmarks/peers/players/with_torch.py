"""PyTorch, eager: a backward pass for each player."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from benchmarks.peers.with_torch import choose_threads, held
from benchmarks.players import MOMENTUM, RATE, SLOPE, Players, layers
from graphc.data.batches import epoch_order


def _dense(sizes: tuple[int, ...], between: Callable[[], nn.Module]) -> nn.Sequential:
    parts: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        parts += [nn.Linear(a, b), between()]
    return nn.Sequential(*parts[:-1])


def _fill(network: nn.Sequential, name: str, weights: dict) -> None:
    linear = [part for part in network if isinstance(part, nn.Linear)]
    for layer, word in zip(linear, layers(len(linear)), strict=True):
        with torch.no_grad():
            layer.weight.copy_(held(weights[f"{name}/{word}/kernel"]).T)
            layer.bias.copy_(held(weights[f"{name}/{word}/bias"]))


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    generator = _dense((workload.noise, *workload.generator), nn.ReLU)
    discriminator = _dense((784, *workload.discriminator), lambda: nn.LeakyReLU(SLOPE))
    for name, network in {"generator": generator, "discriminator": discriminator}.items():
        _fill(network, name, weights)
    images = held(arrays["image"]).flatten(1)
    return training(workload, images, generator, discriminator)


def training(
    workload: Players, images: torch.Tensor, generator: nn.Module, discriminator: nn.Module
) -> Callable[[int], float]:
    """What trains both for an epoch."""
    betas = MOMENTUM, 0.999
    rules = [
        torch.optim.Adam(each.parameters(), RATE, betas) for each in (generator, discriminator)
    ]

    def slopes(rows: torch.Tensor) -> torch.Tensor:
        real = images[rows]
        fake = torch.sigmoid(generator(torch.randn(len(rows), workload.noise)))
        ones, zeros = torch.ones(len(rows), 1), torch.zeros(len(rows), 1)
        for rule in rules:
            rule.zero_grad()
        # Through the discriminator as it was: its own gradients come after.
        of_generator = bce(discriminator(fake), ones)
        found = torch.autograd.grad(of_generator, list(generator.parameters()))
        loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        loss.backward()
        for parameter, slope in zip(generator.parameters(), found, strict=True):
            parameter.grad = slope
        return (loss + of_generator).detach() / 2

    choose_threads(lambda: slopes(torch.arange(workload.batch)), 10)

    def epoch(number: int) -> float:
        order = held(epoch_order(workload.examples, workload.batch, 0, number))
        total = torch.zeros(())
        for rows in order:
            total += slopes(rows)
            for rule in rules:
                rule.step()
        return float(total) / len(order)

    return epoch
