"""A network equals its reference: the same weights in plain numpy give the same outputs.

The references know nothing of graphc, Flax or JAX; they are written after the papers, in float64.
"""

from pathlib import Path

import jax
import numpy as np
import pytest
from oracle import quick_jit

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.state import from_canonical, to_canonical

ROOT = Path(__file__).parents[2]
ROWS = 5
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
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


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(w, name, x):
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def conv(w, name, x, stride=1, padding="same"):
    """Images [n, h, w, c] with a kernel [kh, kw, c, features]."""
    kernel = w[f"{name}/kernel"]
    size = kernel.shape[0]
    if padding == "same":
        outs = [-(-side // stride) for side in x.shape[1:3]]
        missing = [
            max((out - 1) * stride + size - side, 0)
            for out, side in zip(outs, x.shape[1:3], strict=True)
        ]
        x = np.pad(x, [(0, 0), *((each // 2, each - each // 2) for each in missing), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    out = np.einsum("nhwcij,ijcf->nhwf", windows[:, ::stride, ::stride], kernel)
    return out + w.get(f"{name}/bias", 0)


def max_pool(x):
    n, height, width, c = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, c).max(axis=(2, 4))


class BatchNorm:
    """Batch normalisation that also gives the running statistics after it."""

    def __init__(self, weights, train, momentum=0.9):
        self.weights, self.train, self.momentum = weights, train, momentum
        self.moved = {}

    def __call__(self, name, x):
        w, axes = self.weights, tuple(range(x.ndim - 1))
        mean, var = w[f"{name}/mean"], w[f"{name}/var"]
        if self.train:
            batch = {"mean": x.mean(axes), "var": x.var(axes)}
            for word, value in batch.items():
                kept = self.momentum * w[f"{name}/{word}"]
                self.moved[f"{name}/{word}"] = kept + (1 - self.momentum) * value
            mean, var = batch["mean"], batch["var"]
        return (x - mean) / np.sqrt(var + 1e-5) * w[f"{name}/scale"] + w[f"{name}/bias"]


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


def carried(model, seed=0):
    """A module, its params and statistics with random weights, and the weights by spec path."""
    module, map = model.module(), model.compiled.weights
    shapes = jax.eval_shape(module.init, jax.random.key(0))
    template = {name: shapes[name] for name in ("params", "statistics")}
    draw, weights = np.random.default_rng(seed), {}
    for path, each in to_shapes(template, map).items():
        fan_in = max(int(np.prod(each.shape[:-1])), 1)
        array = draw.normal(size=each.shape) / np.sqrt(fan_in)
        weights[path] = np.abs(array) if path.endswith(("/var", "/scale")) else array
    weights = {path: each.astype(np.float32) for path, each in weights.items()}
    state = from_canonical(weights, template, map)
    plain = {path.split("/", 1)[1]: each.astype(np.float64) for path, each in weights.items()}
    return module, state, plain


def to_shapes(template, map):
    """Shapes by the spec's paths."""
    zeros = jax.tree.map(lambda each: np.zeros(each.shape, each.dtype), template)
    return to_canonical(zeros, map)


def images(shape, seed=1):
    return np.random.default_rng(seed).uniform(size=(ROWS, *shape)).astype(np.float32)


def outputs(module, state, x, **mode):
    run = quick_jit(lambda state, x: module.forward(**state, batch={"image": x}, **mode))
    return jax.device_get(run(state, x))


def spec(name):
    return gc.compile(ROOT / f"specs/{name}.yaml", device="cpu")


def test_an_mlp_equals_its_reference():
    module, state, weights = carried(spec("mnist_mlp"))
    x = images((28, 28, 1))
    found, _ = outputs(module, state, x)
    np.testing.assert_allclose(found, mlp(weights, x, ["dense", "dense_2", "dense_3"]), **TOLERANCE)


def test_lenet_equals_its_reference():
    module, state, weights = carried(spec("mnist_lenet5"))
    x = images((28, 28, 1))
    found, _ = outputs(module, state, x)
    np.testing.assert_allclose(found, lenet(weights, x), **TOLERANCE)


def test_a_highway_stack_equals_its_reference():
    module, state, weights = carried(spec("mnist_highway50"))
    x = images((28, 28, 1))
    found, _ = outputs(module, state, x)
    np.testing.assert_allclose(found, highway(weights, x, 50), **TOLERANCE)


@pytest.mark.parametrize("train", [False, True], ids=["evaluation", "training"])
def test_residual_blocks_with_batch_norm_equal_their_reference(train):
    model = gc.compile(Source("residual.yaml", RESIDUAL), device="cpu")
    module, state, weights = carried(model)
    x = images((8, 8, 1))
    found, statistics = outputs(module, state, x, train=train)
    norm = BatchNorm(weights, train)
    np.testing.assert_allclose(found, residual_network(weights, norm, x), **TOLERANCE)
    moved = to_canonical({"statistics": statistics}, model.compiled.weights)
    for path, expected in norm.moved.items():
        np.testing.assert_allclose(moved[f"statistics/{path}"], expected, **TOLERANCE)
    assert len(norm.moved) == (8 if train else 0)
