"""A network equals its reference: the same weights in plain numpy give the same outputs."""

from pathlib import Path

import numpy as np
import pytest
from references import (
    TOLERANCE,
    BatchNorm,
    carried,
    conv,
    dense,
    images,
    max_pool,
    outputs,
    relu,
    sigmoid,
)

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.state import to_canonical

ROOT = Path(__file__).parents[2]
RESIDUAL = """
blocks:
  basic:
    params: {features: int, stride: 1}
    layers:
      - residual:
          shortcut: project
          body:
            - conv: {features: $features, stride: $stride, bias: false}
            - batch_norm
            - relu
            - conv: {features: $features, bias: false}
            - batch_norm
      - relu
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - conv: {features: 4, bias: false}
    - {basic: 4, name: first}
    - {basic: {features: 6, stride: 2}, name: second}
    - global_average_pool
    - dense: 10
data: digits
train: {loss: cross_entropy}
"""


# The references


def mlp(w, x, names):
    """Dense layers with relu between them."""
    x = x.reshape(len(x), -1)
    for name in names[:-1]:
        x = relu(dense(w, name, x))
    return dense(w, names[-1], x)


def lenet(w, x):
    """LeNet-5 with relu and max pooling."""
    x = max_pool(relu(conv(w, "c1", x)))
    x = max_pool(relu(conv(w, "c3", x, padding="valid")))
    x = x.reshape(len(x), -1)
    x = relu(dense(w, "f6", relu(dense(w, "c5", x))))
    return dense(w, "logits", x)


def highway(w, x, depth):
    """Layers y = t(x) h(x) + (1 - t(x)) x."""
    x = relu(dense(w, "dense", x.reshape(len(x), -1)))
    for i in range(depth):
        gate = sigmoid(dense(w, f"highways/{i}/gate", x))
        x = gate * relu(dense(w, f"highways/{i}/h", x)) + (1 - gate) * x
    return dense(w, "dense_2", x)


def residual_block(w, norm, path, x, stride):
    """Two convolutions and a way around them, projected where the shape changes."""
    body = f"{path}/residual/body"
    y = relu(norm(f"{body}/batch_norm", conv(w, f"{body}/conv", x, stride)))
    y = norm(f"{body}/batch_norm_2", conv(w, f"{body}/conv_2", y))
    if x.shape != y.shape:
        x = x[:, ::stride, ::stride] @ w[f"{path}/residual/skip/kernel"]
    return relu(x + y)


def residual_network(w, norm, x):
    x = conv(w, "conv", x)
    x = residual_block(w, norm, "first", x, 1)
    x = residual_block(w, norm, "second", x, 2)
    return dense(w, "dense", x.mean(axis=(1, 2)))


# The comparison


def of_spec(name):
    model = gc.compile(ROOT / f"specs/{name}.yaml", device="cpu")
    return carried(model.module(), model.compiled.weights)


def test_an_mlp_equals_its_reference():
    module, state, weights = of_spec("mnist_mlp")
    x = images((28, 28, 1))
    found, _ = outputs(module, state, {"image": x})
    np.testing.assert_allclose(found, mlp(weights, x, ["dense", "dense_2", "dense_3"]), **TOLERANCE)


def test_lenet_equals_its_reference():
    module, state, weights = of_spec("mnist_lenet5")
    x = images((28, 28, 1))
    found, _ = outputs(module, state, {"image": x})
    np.testing.assert_allclose(found, lenet(weights, x), **TOLERANCE)


def test_a_highway_stack_equals_its_reference():
    module, state, weights = of_spec("mnist_highway50")
    x = images((28, 28, 1))
    found, _ = outputs(module, state, {"image": x})
    np.testing.assert_allclose(found, highway(weights, x, 50), **TOLERANCE)


@pytest.mark.parametrize("train", [False, True], ids=["evaluation", "training"])
def test_residual_blocks_with_batch_norm_equal_their_reference(train):
    model = gc.compile(Source("residual.yaml", RESIDUAL), device="cpu")
    module, state, weights = carried(model.module(), model.compiled.weights)
    x = images((8, 8, 1))
    found, statistics = outputs(module, state, {"image": x}, train=train)
    norm = BatchNorm(weights, train)
    np.testing.assert_allclose(found, residual_network(weights, norm, x), **TOLERANCE)
    moved = to_canonical({"statistics": statistics}, model.compiled.weights)
    for path, expected in norm.moved.items():
        np.testing.assert_allclose(moved[f"statistics/{path}"], expected, **TOLERANCE)
    assert len(norm.moved) == (8 if train else 0)
