"""Convolutions on a cycle: what they make of the input stands outside of the loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

CELL = """
blocks:
  cell:
    params: {{features: int}}
    nodes:
      z: {{conv: {{features: $features, {more}activation: sigmoid}}, from: [x, h@t-1]}}
      n: {{conv: {{features: $features, {more}activation: tanh, bias: false}}, from: [h@t-1, x]}}
      h: z * h@t-1 + (1 - z) * n
    output: h
network: {{inputs: {{x: {kind}}}, layers: [cell: 3]}}
"""
EVEN, UNEVEN = "[time, 5, 6, 2]", "{shape: [time, 5, 6, 2], at_most: any}"


def by_hand(weights, x, dilation=1):
    """The cell of one example, with whole kernels at every step."""

    def conv(name, value):
        kernel, bias = weights[f"cell/{name}/kernel"], weights.get(f"cell/{name}/bias", 0.0)
        axes = ("NHWC", "HWIO", "NHWC")
        options = {"rhs_dilation": (dilation, dilation), "dimension_numbers": axes}
        return jax.lax.conv_general_dilated(value, kernel, (1, 1), "SAME", **options) + bias

    h, found = jnp.zeros((1, 5, 6, 3)), []
    for now in x:
        z = jax.nn.sigmoid(conv("z", jnp.concatenate([now[None], h], -1)))
        n = jnp.tanh(conv("n", jnp.concatenate([h, now[None]], -1)))
        h = z * h + (1 - z) * n
        found.append(h[0])
    return jnp.stack(found)


@pytest.fixture
def clips():
    return np.random.default_rng(0).normal(size=(3, 4, 5, 6, 2)).astype(np.float32)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_is_split_into_what_is_known_before_and_what_is_not(
    compiled, clips, dilation, device
):
    more = f"dilation: {dilation}, " if dilation > 1 else ""
    network = compiled(CELL.format(more=more, kind=EVEN), device=device)
    inside = network.model.source.split("def cell_step(")[1].split("class ")[0]
    assert "convolve(h_before" in inside and "convolve(x" not in inside
    weights, module = network.weights, network.module

    def loss(params, x):
        return jnp.sum(module.forward(params, {}, {"x": x})[0] ** 2)

    def expected(weights, x):
        return sum(jnp.sum(by_hand(weights, each, dilation) ** 2) for each in x)

    found, slopes = jax.jit(jax.value_and_grad(loss))(network.params, clips)
    wanted, others = jax.jit(jax.value_and_grad(expected))(weights, clips)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    for path, slope in network.by_path(slopes).items():
        np.testing.assert_allclose(slope, others[path], rtol=2e-4, atol=2e-5, err_msg=path)


def test_a_clip_that_ends_before_others_is_what_it_is_alone(compiled, clips):
    network = compiled(CELL.format(more="", kind=UNEVEN))
    lengths = np.array([4, 1, 3], np.int32)
    given = jax.jit(lambda x: network(**{"x": x, "time:length": lengths}))(clips)
    for one, x, length in zip(given, clips, lengths, strict=True):
        alone = by_hand(network.weights, x[:length])
        np.testing.assert_allclose(one[:length], alone, rtol=2e-5, atol=2e-6)


def test_one_with_borders_of_its_own_kind_stays_whole(compiled, clips):
    network = compiled(CELL.format(more="padding: circular, ", kind=EVEN))
    assert "convolve(" not in network.model.source
    assert np.isfinite(network(x=clips)).all()
