"""The pass `bands`: convolutions as products with a band of the kernel, row by row."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from graphc import compiler
from graphc.core.span import Source
from graphc.emit.library.convolution import by_rows, by_rows_bfloat16, convolve
from graphc.emit.library.products import conv_bfloat16
from graphc.runtime.module import module_from_source

SPEC = """
graphc: 1
network:
  inputs: {{image: [{side}, {side}, {channels}]}}
  layers: [{{conv: {conv}}}]
"""


def compiled(conv: str, side: int = 10, channels: int = 2, **options):
    text = SPEC.format(side=side, channels=channels, conv=conv)
    return compiler.compile(Source("spec.yaml", text), **options)


@pytest.mark.parametrize("padding", ["SAME", "VALID", ((1, 2), (0, 1))], ids=str)
@pytest.mark.parametrize("strides", [(1, 1), (2, 1), (2, 3)], ids=str)
@pytest.mark.parametrize("window", [(3, 3), (4, 2), (1, 5)], ids=str)
def test_it_is_the_convolution_with_its_gradients(window, strides, padding):
    draw = np.random.default_rng(0)
    x = jnp.asarray(draw.normal(size=(3, 9, 11, 2)), jnp.float32)
    kernel = jnp.asarray(draw.normal(size=(*window, 2, 5)), jnp.float32)
    layout = ("NHWC", "HWIO", "NHWC")

    def library(x, kernel):
        given = (x, kernel, strides, padding)
        return jax.lax.conv_general_dilated(*given, dimension_numbers=layout)

    def rows(x, kernel):
        return by_rows(x, kernel, strides, padding)

    value, pull = jax.vjp(library, x, kernel)
    same, back = jax.vjp(rows, x, kernel)
    np.testing.assert_allclose(same, value, atol=1e-4)
    for mine, other in zip(back(value), pull(value), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-2)


def test_the_form_is_a_keyword_of_convolve():
    x, kernel = jnp.ones((2, 5, 6, 3)), jnp.ones((3, 3, 3, 4))
    expected = convolve(x, kernel, strides=2, padding="VALID")
    np.testing.assert_allclose(
        convolve(x, kernel, strides=2, padding="VALID", form=by_rows), expected
    )


@pytest.mark.parametrize(
    "conv",
    [
        "{features: 4, groups: 2}",
        "{features: 4, dilation: 2}",
        "{features: 4, padding: circular}",
        "64",
    ],
)
def test_what_has_no_small_band_is_left_to_the_library(conv):
    assert "by_rows" not in compiled(conv).source


@pytest.mark.parametrize(
    ("channels", "features", "side", "rows"),
    [(3, 6, 32, True), (7, 16, 10, True), (8, 6, 10, False), (9, 6, 10, False), (3, 17, 10, False)],
)
def test_only_few_channels_to_few_features_go_by_rows(channels, features, side, rows):
    conv = f"{{features: {features}, kernel: 5, padding: valid}}"
    assert ("by_rows" in compiled(conv, side, channels).source) == rows


def test_other_devices_are_left_to_the_library():
    assert "by_rows" in compiled("4").source
    assert "by_rows" not in compiled("4", device="gpu").source
    assert "by_rows" not in compiled("4", without=("bands",)).source


def test_rows_are_multiplied_in_bfloat16_where_the_spec_asks():
    model = compiled("4", settings=["network.precision=bfloat16"])
    assert "=by_rows_bfloat16" in model.source and "=by_rows," not in model.source


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_rows_in_bfloat16_are_the_convolution_in_bfloat16(padding):
    keys = jax.random.split(jax.random.key(0), 3)
    x, kernel = jax.random.normal(keys[0], (2, 9, 8, 3)), jax.random.normal(keys[1], (3, 3, 3, 4))

    def found(form, **options):
        def value(x, kernel):
            return form(x, kernel, (2, 1), padding, **options)

        y, back = jax.vjp(value, x, kernel)
        return y, *back(jax.random.normal(keys[2], y.shape))

    library = found(conv_bfloat16, rhs_dilation=(1, 1))
    for one, other in zip(found(by_rows_bfloat16), library, strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_each_layer_is_judged_by_what_it_reads():
    """The second and third read images of 31 x 31 and 15 x 15."""
    layers = "[{repeat: {times: 3, layers: [{conv: {features: 4, stride: 2, padding: valid}}]}}]"
    spec = f"graphc: 1\nnetwork: {{inputs: {{image: [63, 63, 4]}}, layers: {layers}}}"
    done = {each.name: each for each in compiler.compile(Source("spec.yaml", spec)).passes}["bands"]
    assert [each.done for each in done.remarks] == [False, True, True]


def test_a_network_whose_convolutions_go_by_rows_runs_many_steps_in_a_dispatch():
    spec = "specs/mnist_lenet5.yaml"
    assert compiler.compile(spec).choices.steps_per_dispatch > 1
    assert compiler.compile(spec, without=("bands",)).choices.steps_per_dispatch == 1


def test_a_program_without_the_pass_gives_the_same():
    outputs = []
    for without in ((), ("bands",)):
        module = module_from_source(compiled("{features: 4, stride: 2}", without=without).source)
        model = module.build(jax.random.key(0))
        image = jax.random.normal(jax.random.key(1), (2, 10, 10, 2))
        outputs.append(module.call(model, {"image": image}))
    np.testing.assert_allclose(*outputs, atol=1e-5)
