"""A network equals its reference: the same weights in numpy give the same outputs."""

import jax
import numpy as np

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.module import module_from_source

HEAD = "graphc: 1\nnetwork:\n"


def outputs_of(text, x):
    """The outputs in evaluation mode, and the arrays by their paths in the spec."""
    model = gc.compile(Source("reference.yaml", HEAD + text), device="cpu")
    module = module_from_source(model.source, "<reference>")
    _, params, statistics = jax.jit(lambda: split(module))()
    outputs = jax.jit(module.forward)(params, statistics, {"x": x})[0]
    stored = flat(params) | flat(statistics)
    return np.asarray(outputs), model.compiled.weights.split(stored)


def split(module):
    from flax import nnx

    graphdef, params, statistics = nnx.split(module.build(jax.random.key(3)), nnx.Param, ...)
    del graphdef
    return None, nnx.to_pure_dict(params), nnx.to_pure_dict(statistics)


def flat(tree):
    leaves = jax.tree.leaves_with_path(tree)
    return {"/".join(str(key.key) for key in path): np.asarray(leaf) for path, leaf in leaves}


def dense(x, arrays, path):
    return x @ arrays[f"{path}/kernel"] + arrays[f"{path}/bias"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_perceptron():
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    text = """
  inputs: {x: [6]}
  layers:
    - dense: {features: 8, activation: tanh}
    - dense: {features: 7, activation: relu}
    - dense: 3
"""
    found, arrays = outputs_of(text, x)
    h = np.tanh(dense(x, arrays, "dense"))
    h = np.maximum(dense(h, arrays, "dense_2"), 0)
    np.testing.assert_allclose(found, dense(h, arrays, "dense_3"), rtol=1e-5, atol=1e-5)


def test_a_highway_stack_rolled_into_one_scan():
    x = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    text = """
  inputs: {x: [6]}
  layers:
    - repeat: {times: 5, layers: [highway: [{dense: {features: 6, activation: relu}}]]}
      name: deep
"""
    found, arrays = outputs_of(text, x)
    h = x
    for i in range(5):
        gate = sigmoid(dense(h, arrays, f"deep/{i}/gate"))
        h = gate * np.maximum(dense(h, arrays, f"deep/{i}/body/dense"), 0) + (1 - gate) * h
    np.testing.assert_allclose(found, h, rtol=1e-5, atol=1e-5)


def convolve(x, kernel, bias):
    """A 3 by 3 convolution with zeros around the image."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = x.shape[1:3]
    places = [
        padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
    ]
    return sum(places) + bias


def test_a_residual_block_with_batch_norm_and_pooling():
    x = np.random.default_rng(2).normal(size=(4, 6, 6, 3)).astype(np.float32)
    text = """
  inputs: {x: [6, 6, 3]}
  layers:
    - residual: {body: [{conv: 5}, batch_norm, relu], shortcut: project}
    - max_pool: 2
    - global_average_pool
"""
    found, arrays = outputs_of(text, x)
    path = "residual/body/conv"
    body = convolve(x, arrays[f"{path}/kernel"], arrays[f"{path}/bias"])
    body = np.maximum(body / np.sqrt(1 + 1e-5), 0)  # fresh statistics: mean 0, variance 1
    h = body + x @ arrays["residual/skip/kernel"]
    pooled = h.reshape(4, 3, 2, 3, 2, 5).max(axis=(2, 4))
    np.testing.assert_allclose(found, pooled.mean(axis=(1, 2)), rtol=1e-4, atol=1e-5)
