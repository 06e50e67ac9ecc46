"""Layers in plain numpy, and how a compiled network is compared with what is written with them.

They know nothing of graphc, Flax or JAX; they are written after the papers, in float64. `w` holds
the weights by the spec's paths.
"""

import jax
import numpy as np
from oracle import quick_jit

from graphc.runtime.state import from_canonical, to_canonical

ROWS = 5
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(w, name, x):
    """[..., n] with a kernel [n, features]."""
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
    """The largest of every 2 by 2 places."""
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


def carried(module, map, seed=0):
    """A module, its params and statistics with random weights, and the weights by spec path."""
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


def outputs(module, state, batch, **mode):
    """The outputs for a batch, and the statistics after it."""
    run = quick_jit(lambda state, batch: module.forward(**state, batch=batch, **mode))
    return jax.device_get(run(state, batch))
