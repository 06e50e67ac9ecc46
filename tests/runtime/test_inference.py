"""A run for evaluation alone: batch norms folded into the layers before them."""

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.runtime.inference import folded

SPEC = """
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - conv: {features: 4, stride: 2, bias: false}
    - batch_norm: {scale: false, epsilon: 0.1}
    - relu
    - residual: [{conv: 4}, {dropout: 0.1}, {batch_norm: {bias: false}}, relu, {conv: 4}]
    - batch_norm
    - flatten
    - dense: 6
    - repeat: {times: 4, layers: [{dense: 6}, batch_norm, tanh, {dropout: 0.1}]}
    - {dense: 10}
    - batch_norm
data: digits
train: {loss: cross_entropy, epochs: 2, optimizer: {adam: 1e-2}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inference") / "run"
    return gc.compile(Source("folded.yaml", SPEC)).train(folder, cache=False)


@pytest.fixture(scope="module")
def trained(run):
    return run.inference()


def test_a_folded_network_gives_what_the_trained_one_gives(run, trained):
    images = np.random.default_rng(0).uniform(0, 16, (50, 8, 8, 1)).astype(np.float32)
    forward = jax.jit(trained.model.module().forward)
    scaled = run.dataset().scaling.apply({"image": images})
    found = forward(trained.params, trained.statistics, scaled)
    assert found.shape == (50, 10)
    expected = run.predict(images)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def test_norms_and_noise_are_gone_but_what_cannot_be_folded(trained):
    source = trained.model.source
    assert source.startswith('"""folded, written by graphc for inference from folded.yaml."""')
    assert "Dropout" not in source and "def train_step" not in source
    assert source.count("= BatchNorm(") == 1  # that after the residual block
    assert list(trained.statistics) == ["batch_norm_2"]
    assert trained.params["repeat"]["dense"]["kernel"].shape == (4, 6, 6)


def test_a_layer_without_a_bias_gets_one():
    model = gc.compile(Source("folded.yaml", SPEC), inference=True, device="cpu")
    weights = model.compiled.weights
    kernel, bias = np.ones((3, 3, 1, 4), np.float32), np.arange(4, dtype=np.float32)
    given = {
        "params/conv/kernel": kernel,
        "params/batch_norm/bias": bias,
        "statistics/batch_norm/mean": np.full(4, 2, np.float32),
        "statistics/batch_norm/var": np.full(4, 0.15, np.float32),
    }
    entries = tuple(each for each in weights.entries if each.path.startswith("conv/"))
    found = folded(given, type(weights)(entries))
    np.testing.assert_allclose(found["params/conv/kernel"], 2 * kernel, rtol=1e-6)
    np.testing.assert_allclose(found["params/conv/bias"], bias - 4, rtol=1e-6)
    assert found["params/conv/kernel"].dtype == np.float32
    assert given["params/conv/kernel"] is kernel


def test_what_was_compiled_for_inference_is_not_trained(tmp_path):
    model = gc.compile(Source("folded.yaml", SPEC), inference=True)
    with pytest.raises(SpecError, match=r"GC412.*compiled for inference"):
        model.train(tmp_path / "run")
