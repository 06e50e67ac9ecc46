"""The specs of networks on images as text, and generated ones of any size."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.workloads import Workload
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
        "generated.yaml", _BLOCKS + _BOTTLENECK + head + "".join(lines) + training("mnist", 128)
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
    return Source("highway.yaml", _BLOCKS + network + training("mnist", batch, learning_rate))


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
    return Source("dense.yaml", network + training(data, batch))


def first_step(shape: Sequence[int], widths: Sequence[int], batch: int) -> Source:
    """Dense layers, and as the data a file beside the spec that holds one batch."""
    data = "{npz: {path: batch.npz, inputs: [image], target: label, validation: 0, test: 0}}"
    text = dense(shape, widths, batch).text.replace("data: mnist", f"data: {data}")
    return Source("first_step.yaml", f"{text}  epochs: 1\n")


def lenet() -> Source:
    """LeNet-5 without dropout."""
    return Source("lenet5.yaml", _LENET + training("mnist", 128))


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
    return Source("residual.yaml", network + training("cifar10_subset", batch))


def bottlenecks(workload: Workload) -> Source:
    """ResNet-50; its data are a file that is only compiled for."""
    shape, classes = workload.shape, workload.widths[-1]
    network = f"""\
graphc: 1

use: {{resnet: zoo/resnet}}

network:
  inputs: {{image: {list(shape)}}}
  layers:
    - resnet/bottlenecks
    - dense: {classes}
"""
    like = {"image": np.zeros((2, *shape), np.float32), "label": np.array([0, classes - 1])}
    trained = training(data_like(like), workload.batch, workload.learning_rate)
    return Source("bottlenecks.yaml", network + trained)


def data_like(arrays: Mapping[str, np.ndarray], more: str = "") -> str:
    """As `data` a file that is only compiled for; the last array is its target."""
    path = str(Path(tempfile.mkdtemp()) / "like.npz")
    np.savez(path, **arrays)
    *inputs, target = arrays
    given = f"path: {path}, inputs: [{', '.join(inputs)}], target: {target}{more}"
    return f"{{npz: {{{given}, validation: 0, test: 0}}}}"


def training(data: str, batch: int, learning_rate: float = 1e-3) -> str:
    """The sections `data` and `train`."""
    return _TRAIN % {"data": data, "batch": batch, "learning_rate": learning_rate}
