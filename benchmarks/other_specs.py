"""The specs of networks on texts and graphs, and of pairs of networks, as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.characters import EMBEDDED, SYMBOLS
from benchmarks.players import MOMENTUM, RATE, SLOPE, Players
from benchmarks.specs import data_like, training
from benchmarks.transformers import Transformer
from graphc.core.span import Source

_GENERATOR = """\
      - dense: 3136
      - batch_norm
      - relu
      - reshape: [7, 7, 64]
      - conv_transpose: {features: 32, kernel: 4, stride: 2}
      - batch_norm
      - relu
      - conv_transpose: {features: 1, kernel: 4, stride: 2, activation: sigmoid}
"""
_DISCRIMINATOR = """\
      - conv: {features: 32, kernel: 4, stride: 2, activation: leaky_relu}
      - conv: {features: 64, kernel: 4, stride: 2}
      - batch_norm
      - leaky_relu
      - flatten
      - dense: 1
"""
_IMAGE = """\
      - sigmoid
      - reshape: [28, 28, 1]
"""


def characters(cells: str, at_most: int | None, batch: int, length: int) -> Source:
    """A language model of characters: these layers between an embedding and the logits.

    Args:
        cells: the layers in YAML.
        at_most: for texts of different length, how long they are at most.
    """
    bound = "" if at_most is None else f", at_most: {at_most}"
    network = f"""\
graphc: 1

network:
  inputs: {{text: {{int: [time], below: data{bound}}}}}
  layers:
    - embed: {EMBEDDED}
{cells}    - dense: $text.below
"""
    data = f"{{shakespeare: {{length: {length}}}}}"
    return Source("characters.yaml", network + training(data, batch))


def transformer(workload: Transformer) -> Source:
    """A language model by causal attention with rotary positions."""
    depth, units, heads = workload.depth, workload.units, workload.heads
    batch, length = workload.batch, workload.steps
    network = f"""\
graphc: 1

blocks:
  layer:
    layers:
      - residual:
          - layer_norm
          - attention: {{heads: {heads}, causal: true, rotary: true}}
      - residual:
          - layer_norm
          - dense: {{features: {4 * units}, activation: gelu}}
          - dense: {units}

network:
  inputs: {{text: {{int: [time], below: data}}}}
  layers:
    - embed: {units}
    - repeat: {{times: {depth}, layers: [layer]}}
      name: layers
    - layer_norm
    - dense: $text.below
"""
    data = f"{{shakespeare: {{length: {length}}}}}"
    if workload.symbols != SYMBOLS:
        text = np.zeros((2, length), int)
        text[-1] = workload.symbols - 1
        more = ", below: {text: data}, steps: [text, next]"
        data = data_like({"text": text, "next": text}, more)
    return Source("transformer.yaml", network + training(data, batch))


def players(pair: Players) -> Source:
    """Two networks against each other, on images of 28 by 28."""
    generator, discriminator = _GENERATOR, _DISCRIMINATOR
    if pair.generator:
        generator = f"{_layers(pair.generator, 'relu')}{_IMAGE}"
        dense = _layers(pair.discriminator, f"{{leaky_relu: {SLOPE}}}")
        discriminator = f"      - flatten\n{dense}"
    return Source(
        "players.yaml",
        f"""\
graphc: 1

networks:
  generator:
    inputs: {{z: [{pair.noise}]}}
    layers:
{generator}  discriminator:
    inputs: {{image: [28, 28, 1]}}
    layers:
{discriminator}
data: mnist

train:
  values:
    z: {{normal: [{pair.noise}]}}
    fake: generator(z)
    fake_score: discriminator(fake)
    real_score: discriminator(image)
  objectives:
    discriminator:
      minimize: binary_cross_entropy(real_score, 1) + binary_cross_entropy(fake_score, 0)
      update: discriminator
      optimizer: {{adam: {{learning_rate: {RATE}, b1: {MOMENTUM}}}}}
    generator:
      minimize: binary_cross_entropy(fake_score, 1)
      update: generator
      optimizer: {{adam: {{learning_rate: {RATE}, b1: {MOMENTUM}}}}}
  batch_size: {pair.batch}
""",
    )


def _layers(widths: Sequence[int], activation: str) -> str:
    """Dense layers of these widths, with an activation between them."""
    hidden = (
        f"      - dense: {{features: {width}, activation: {activation}}}\n" for width in widths[:-1]
    )
    return "".join(hidden) + f"      - dense: {widths[-1]}\n"


def citations(features: int, classes: int, path: str | None) -> Source:
    """The spec cora_gcn without its penalty, and with the learning rate of all that is measured.

    Args:
        features: of each node.
        classes: of nodes.
        path: an npz file of a graph; None for Cora.
    """
    network = f"""\
graphc: 1

network:
  inputs: {{features: [nodes, {features}]}}
  layers:
    - dropout: 0.5
    - graph_conv: {{features: 16, activation: relu}}
      name: first
    - dropout: 0.5
    - graph_conv: {classes}
"""
    data = "cora" if path is None else f"{{graph_npz: {{path: {path}, target: label}}}}"
    return Source("citations.yaml", network + training(data, 1))
