"""PyTorch, eager: the networks, and the training of all pairs."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torch.nn.functional import leaky_relu, relu

from benchmarks.peers.players.with_torch import training
from benchmarks.peers.with_torch import held, load
from benchmarks.players import SLOPE, Players
from benchmarks.residual import EPSILON, MOMENTUM


class Generator(nn.Module):
    def __init__(self, noise: int) -> None:
        super().__init__()
        self.dense = nn.Linear(noise, 3136)
        self.batch_norm = nn.BatchNorm1d(3136, EPSILON, 1 - MOMENTUM)
        self.conv_transpose = nn.ConvTranspose2d(64, 32, 4, 2, padding=1)
        self.batch_norm_2 = nn.BatchNorm2d(32, EPSILON, 1 - MOMENTUM)
        self.conv_transpose_2 = nn.ConvTranspose2d(32, 1, 4, 2, padding=1)

    def forward(self, z):
        x = relu(self.batch_norm(self.dense(z))).reshape(-1, 7, 7, 64).permute(0, 3, 1, 2)
        return self.conv_transpose_2(relu(self.batch_norm_2(self.conv_transpose(x))))


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 32, 4, 2, padding=1)
        self.conv_2 = nn.Conv2d(32, 64, 4, 2, padding=1)
        self.batch_norm = nn.BatchNorm2d(64, EPSILON, 1 - MOMENTUM)
        self.dense = nn.Linear(3136, 1)

    def forward(self, image):
        x = self.conv_2(leaky_relu(self.conv(image), SLOPE))
        x = leaky_relu(self.batch_norm(x), SLOPE)
        return self.dense(x.permute(0, 2, 3, 1).flatten(1))


def start(workload: Players, arrays: dict, weights: dict) -> Callable[[int], float]:
    pair = {"generator": Generator(workload.noise), "discriminator": Discriminator()}
    for name, network in pair.items():
        own = {
            path.removeprefix(f"{name}/"): _turned(array) if "conv_transpose" in path else array
            for path, array in weights.items()
            if path.startswith(name)
        }
        load(network, own)
    images = held(arrays["image"]).permute(0, 3, 1, 2)
    return training(workload, images, **pair)


def _turned(array):
    """A kernel of a transposed convolution, which PyTorch turns, with outputs before inputs."""
    return array[::-1, ::-1].swapaxes(2, 3) if array.ndim == 4 else array
