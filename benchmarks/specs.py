"""The specs that are measured, as text, and generated ones of any size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.characters import EMBEDDED
from benchmarks.players import MOMENTUM, RATE, SLOPE, Players
from graphc.core.span import Source

ROOT = Path(__file__).parents[1]

_BLOCKS = """\
graphc: 1

blocks:
  highway:
    params: {features: int, gate_bias: -2.0}
    nodes:
      h: {dense: {features: $features, activation: relu}, from: x}
      gate: {dense: {features: $features, activation: sigmoid, bias_init: $gate_bias}, from: x}
      y: gate * h + (1 - gate) * x
    output: y
"""
_BOTTLENECK = """\
  bottleneck:
    params: {features: int}
    layers:
      - dense: {features: $features // 2, activation: relu}
      - dense: $features
"""
_LENET = """\
graphc: 1

network:
  inputs: {image: [28, 28, 1]}
  layers:
    - conv: {features: 6, kernel: 5, padding: same, activation: relu}
      name: c1
    - max_pool: 2
    - conv: {features: 16, kernel: 5, padding: valid, activation: relu}
      name: c3
    - max_pool: 2
    - flatten
    - dense: {features: 120, activation: relu}
      name: c5
    - dense: {features: 84, activation: relu}
      name: f6
    - dense: 10
      name: logits
"""
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
_TRAIN = """
data: %(data)s

train:
  loss: cross_entropy
  optimizer: {adam: %(learning_rate)s}
  batch_size: %(batch)s
"""
# What the generated nodes are by turns: `a` is the node before, `b` one three places before it
# and `c` one fifty places back.
_KINDS = (
    "{dense: {features: 64, activation: relu}, from: %(a)s}",
    "%(a)s + 0.5 * %(b)s",
    "{highway: 64, from: %(a)s}",
    "relu(%(a)s) * sigmoid(%(b)s)",
    "{dense: 64, from: %(a)s}",
    "{layer_norm: {}, from: %(a)s}",
    "{bottleneck: 64, from: %(a)s}",
    "tanh(%(a)s) + %(c)s",
    "{dense: {features: 64, activation: tanh}, from: [%(a)s, %(b)s]}",
    "softmax(%(a)s) * %(b)s",
)


def generated(nodes: int) -> Source:
    """A network with this many nodes as written, one in five of them a call of a block."""
    lines = [
        "    n0: {flatten: {}, from: image}\n",
        "    n1: {dense: {features: 64, activation: relu}, from: n0}\n",
    ]
    for place in range(2, nodes - 1):
        back = {"a": place - 1, "b": max(place - 4, 1), "c": max(place - 50, 1)}
        kind = _KINDS[place % len(_KINDS)] % {key: f"n{each}" for key, each in back.items()}
        lines.append(f"    n{place}: {kind}\n")
    lines.append(f"    logits: {{dense: 10, from: n{nodes - 2}}}\n  output: logits\n")
    head = "\nnetwork:\n  inputs: {image: [28, 28, 1]}\n  nodes:\n"
    return Source(
        "generated.yaml", _BLOCKS + _BOTTLENECK + head + "".join(lines) + _training("mnist", 128)
    )


def highway(depth: int, width: int = 50, batch: int = 128, learning_rate: float = 1e-3) -> Source:
    """Highway layers between a first and a last dense layer, on images of 28 by 28."""
    network = f"""
network:
  inputs: {{image: [28, 28, 1]}}
  layers:
    - flatten
    - dense: {{features: {width}, activation: relu}}
    - repeat: {{times: {depth}, layers: [highway: {width}]}}
      name: highways
    - dense: 10
"""
    return Source("highway.yaml", _BLOCKS + network + _training("mnist", batch, learning_rate))


def dense(shape: Sequence[int], widths: Sequence[int], batch: int) -> Source:
    """Dense layers of these widths with relu between them."""
    hidden = "".join(
        f"    - dense: {{features: {width}, activation: relu}}\n" for width in widths[:-1]
    )
    network = f"""\
graphc: 1

network:
  inputs: {{image: {list(shape)}}}
  layers:
    - flatten
{hidden}    - dense: {widths[-1]}
"""
    data = "digits" if tuple(shape) == (8, 8, 1) else "mnist"
    return Source("dense.yaml", network + _training(data, batch))


def first_step(shape: Sequence[int], widths: Sequence[int], batch: int) -> Source:
    """Dense layers, and as the data a file beside the spec that holds one batch."""
    data = "{npz: {path: batch.npz, inputs: [image], target: label, validation: 0, test: 0}}"
    text = dense(shape, widths, batch).text.replace("data: mnist", f"data: {data}")
    return Source("first_step.yaml", f"{text}  epochs: 1\n")


def lenet() -> Source:
    """LeNet-5 without dropout."""
    return Source("lenet5.yaml", _LENET + _training("mnist", 128))


def residual(blocks: int, batch: int) -> Source:
    """The residual network for CIFAR-10 with so many blocks in each stage."""
    network = f"""\
graphc: 1

use: {{resnet: zoo/resnet}}

network:
  inputs: {{image: [32, 32, 3]}}
  layers:
    - resnet/trunk: {blocks}
    - dense: 10
"""
    return Source("residual.yaml", network + _training("cifar10_subset", batch))


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
    return Source("characters.yaml", network + _training(data, batch))


def transformer(depth: int, units: int, heads: int, batch: int, length: int) -> Source:
    """A language model of characters by causal attention with rotary positions."""
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
    return Source("transformer.yaml", network + _training(data, batch))


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
    return Source("citations.yaml", network + _training(data, 1))


def _training(data: str, batch: int, learning_rate: float = 1e-3) -> str:
    return _TRAIN % {"data": data, "batch": batch, "learning_rate": learning_rate}
