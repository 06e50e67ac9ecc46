"""Networks of every spatial operation run, and neither passes nor a formatter change them."""

import subprocess
import sys

import numpy as np
import pytest
from oracle import graphs, make, measure, require_same_meaning

SIGNAL = """
graphc: 1
network:
  inputs: {signal: [12, 2]}
  layers:
    - conv: {features: 4, padding: causal, dilation: 2, activation: tanh}
    - depthwise_conv: {kernel: 3, padding: circular}
    - lp_pool: 2
    - residual: {body: [{separable_conv: {features: 6, stride: 2}}], shortcut: project}
    - upsample: {factor: 2, method: linear}
    - pixel_shuffle: 2
    - locally_connected: {features: 4, kernel: 2, stride: 2}
    - adaptive_max_pool: 4
    - global_max_pool
    - dense: 3
"""
IMAGE = """
graphc: 1
network:
  inputs: {image: [7, 6, 2]}
  layers:
    - pad: {margins: [[1, 0], 1], mode: reflect}
    - conv: {features: 2, padding: reflect, activation: tanh}
    - separable_conv: {features: 4, multiplier: 2, kernel: [3, 1], bias: false}
    - max_pool: {window: 3, stride: 2, padding: 1}
    - conv_transpose: {features: 2, kernel: 4, stride: 2, padding: 1, activation: tanh}
    - average_pool: {window: [2, 3], stride: 1, padding: same}
    - pixel_unshuffle: [2, 1]
    - crop: [[1, 0], [0, 2]]
    - adaptive_average_pool: [2, 3]
    - {locally_connected: {features: 3, padding: valid, kernel: 2}}
    - pad: 0
    - flatten
    - dense: 3
"""
FILM = """
graphc: 1
network:
  inputs: {film: [4, 5, 6, 1]}
  layers:
    - conv: {features: 4, stride: [1, 2, 2], activation: tanh}
    - conv: {features: 4, groups: 2, kernel: [1, 3, 1], activation: tanh}
    - residual: {body: [{conv: {features: 6, kernel: [1, 3, 3], stride: 2}}], shortcut: project}
    - upsample: [1, 2, 1]
    - max_pool: {window: 2, padding: same}
    - depthwise_conv: {multiplier: 2, kernel: 1}
    - stochastic_pool: {window: [1, 2, 2], padding: same}
    - global_average_pool
    - dense: 3
"""
REPEATED = """
graphc: 1
network:
  inputs: {signal: [6, 2]}
  layers:
    - repeat: {times: 4, layers: [LAYERS]}
    - global_average_pool
    - dense: 3
"""
SLICES = "{depthwise_conv: {kernel: 2}}, {stochastic_pool: {window: 2, stride: 1, padding: same}}"
NETWORKS = {"signal": SIGNAL, "image": IMAGE, "film": FILM}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_operation_has_finite_values_and_gradients_beside_the_others(name):
    found = measure(make(graphs(NETWORKS[name])))
    arrays = [array for group in found.values() for array in group.values()]
    assert all(np.isfinite(array).all() for array in arrays)
    assert all(array.any() for path, array in found["gradients"].items())


def test_what_is_no_library_convolution_is_rolled_on_the_cpu():
    networks = graphs(REPEATED.replace("LAYERS", SLICES))
    assert "scan_layers" in make(networks).source
    require_same_meaning(networks)


def test_a_library_convolution_is_rolled_elsewhere():
    networks = graphs(REPEATED.replace("LAYERS", "{conv: {features: 2, groups: 2}}"))
    assert "scan_layers" not in make(networks).source
    assert "scan_layers" in make(networks, device="gpu").source
    require_same_meaning(networks, "gpu")


@pytest.mark.parametrize("name", NETWORKS)
def test_ruff_leaves_the_source_as_it_is(name, tmp_path):
    file = tmp_path / f"{name}.py"
    file.write_text(make(graphs(NETWORKS[name])).source, encoding="utf-8")
    options = ["--check", "--isolated", "--no-cache", "--line-length", "100"]
    command = [sys.executable, "-m", "ruff", "format", *options, str(file)]
    subprocess.run(command, check=True, capture_output=True)
