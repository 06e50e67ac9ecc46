"""Convolutions against PyTorch with the same weights."""

import ast

import numpy as np
import pytest
from hypothesis import given
from samples import SAMPLES

from graphc.core.operation import ShapeError
from graphc.core.registry import initializers, operations
from graphc.core.types import Type
from graphc.emit.filling import Key, Site
from graphc.emit.slots import drop_defaults
from graphc.testing import forms
from graphc.testing.contracts import few

peers = pytest.importorskip("peers")
torch = peers.torch
pytestmark = pytest.mark.usefixtures("quick_compile")


def fits(operation, kind):
    try:
        return operation.infer(kind)
    except ShapeError as error:
        assert "larger than its input" in error.message
        return None


def applied(operation, kind):
    """An input, the module, and its value before the activation."""
    x, module = forms.array(kind), forms.build(operation, [kind])
    if operation.bias:
        shape = module.bias.shape
        module.bias[...] = np.linspace(-1, 1, np.prod(shape), dtype=np.float32).reshape(shape)
    return x, module, module(x)


def by_torch(operation, kind, x, module, groups):
    axes = len(kind.shape) - 1
    stride, dilation = (peers.every(each, axes) for each in (operation.stride, operation.dilation))
    window = peers.every(operation.kernel, axes)
    spans = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    pairs = peers.borders(kind.shape[:-1], spans, stride, operation.padding)
    mode = peers.MODES.get(operation.padding, "constant")
    y = peers.function("conv", axes)(
        peers.surrounded(peers.first(x, axes), pairs, mode),
        peers.kernel(module.kernel[...]),
        torch.from_numpy(np.array(module.bias[...])) if operation.bias else None,
        stride=stride,
        dilation=dilation,
        groups=groups,
    )
    return peers.last(y, x, axes)


@pytest.mark.parametrize("name", ["conv", "depthwise_conv"])
def test_convolutions_are_those_of_torch(name):
    @few
    @given(SAMPLES[name].filter(lambda sample: sample[0].over is None))
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is not None:
            x, module, found = applied(operation, kind)
            groups = getattr(operation, "groups", kind.features)
            expected = by_torch(operation, kind, x, module, groups)
            np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)

    check()


@pytest.mark.parametrize(
    ("name", "attributes", "shape", "text"),
    [
        ("conv", {"features": 4}, (9, 2), "nnx.Conv(2, 4, (3,), rngs=nnx.Rngs(key))"),
        (
            "conv",
            {"features": 4, "kernel": 5},
            (9, 9, 2),
            "nnx.Conv(2, 4, (5, 5), rngs=nnx.Rngs(key))",
        ),
        (
            "conv",
            {"features": 4, "kernel": (1, 3), "stride": (2, 2), "padding": "valid", "groups": 2},
            (9, 9, 2),
            "nnx.Conv(2, 4, (1, 3), strides=2, padding='VALID', feature_group_count=2,"
            " rngs=nnx.Rngs(key))",
        ),
        (
            "conv",
            {
                "features": 4,
                "stride": (1, 2, 2),
                "dilation": 2,
                "padding": (1, (0, 1), 2),
                "bias": False,
            },
            (9, 9, 9, 2),
            "nnx.Conv(2, 4, (3, 3, 3), strides=(1, 2, 2), padding=((1, 1), (0, 1), (2, 2)),"
            " kernel_dilation=2, use_bias=False, rngs=nnx.Rngs(key))",
        ),
        (
            "conv",
            {"features": 4, "stride": (1, 1), "dilation": (1, 1), "padding": ((2, 2), 2)},
            (9, 9, 2),
            "nnx.Conv(2, 4, (3, 3), padding=2, rngs=nnx.Rngs(key))",
        ),
        (
            "depthwise_conv",
            {"multiplier": 2},
            (9, 9, 2),
            "nnx.Conv(2, 4, (3, 3), feature_group_count=2, conv_general_dilated=depthwise,"
            " rngs=nnx.Rngs(key))",
        ),
        (
            "depthwise_conv",
            {"multiplier": 2, "kernel": 9},
            (9, 9, 2),
            "nnx.Conv(2, 4, (9, 9), feature_group_count=2, rngs=nnx.Rngs(key))",
        ),
    ],
)
def test_what_equals_a_default_is_not_written(name, attributes, shape, text):
    operation = operations[name](**attributes)
    tree = Site(operation, ("x",), (Type(shape),)).build(Key())
    drop_defaults(tree)
    assert ast.unparse(ast.fix_missing_locations(tree)) == text


def test_a_size_for_all_axes_is_the_same_layer_as_one_for_each():
    kind = Type((6, 5, 2))
    one, other = operations["conv"](3, 3), operations["conv"](3, (3, 3), (1, 1), 1, ((1, 1), 1))
    assert one.infer(kind) == other.infer(kind)
    assert one.weights(kind) == other.weights(kind)
    x = forms.array(kind)
    values = [forms.build(each, [kind])(x) for each in (one, other)]
    np.testing.assert_array_equal(*values)


def test_a_grouped_convolution_counts_the_channels_that_it_sees():
    kind = Type((8, 8, 6))
    whole, grouped = operations["conv"](6), operations["conv"](6, groups=3)
    assert whole.weights(kind)["kernel"].shape == (3, 3, 6, 6)
    assert grouped.weights(kind)["kernel"].shape == (3, 3, 2, 6)
    assert whole.flops(kind) == 64 * 6 * (2 * 9 * 6 + 1)
    assert grouped.flops(kind) == 64 * 6 * (2 * 9 * 2 + 1)
    assert operations["depthwise_conv"]().flops(kind) == 64 * 6 * (2 * 9 + 1)


def test_a_separable_convolution_is_its_two_parts_in_torch():
    @few
    @given(SAMPLES["separable_conv"])
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is None:
            return
        x, module = forms.array(kind), forms.build(operation, [kind])
        depthwise = operations["depthwise_conv"](
            operation.multiplier,
            operation.kernel,
            operation.stride,
            operation.dilation,
            operation.padding,
            bias=False,
        )
        axes = len(kind.shape) - 1
        y = by_torch(depthwise, kind, x, module.depthwise, kind.features)
        expected = y @ np.asarray(module.pointwise.kernel[...])
        if operation.bias:
            module.pointwise.bias[...] += 1.0
            expected += 1
        assert axes == x.ndim - len(kind.domain) - 1
        np.testing.assert_allclose(module(x), expected, rtol=2e-5, atol=2e-5)

    check()


def test_a_transposed_convolution_is_that_of_torch_with_the_kernel_flipped():
    @few
    @given(SAMPLES["conv_transpose"])
    def check(sample):
        operation, [kind] = sample
        axes = len(kind.shape) - 1
        x, module, found = applied(operation, kind)
        stride, dilation = (
            peers.every(each, axes) for each in (operation.stride, operation.dilation)
        )
        window = peers.every(operation.kernel, axes)
        spans = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
        over = [span - step for span, step in zip(spans, stride, strict=True)]
        padding = {
            "same": [(max(each, 0) // 2, each - max(each, 0) // 2) for each in over],
            "valid": [(0, min(each, 0)) for each in over],
        }.get(operation.padding) or peers.borders(kind.shape[:-1], spans, stride, operation.padding)
        weight = np.flip(np.asarray(module.kernel[...]), range(axes))
        y = peers.function("conv_transpose", axes)(
            peers.first(x, axes),
            torch.from_numpy(np.moveaxis(weight, [-2, -1], [0, 1]).copy()),
            stride=stride,
            dilation=dilation,
        )
        y = peers.surrounded(y, [(-before, -after) for before, after in padding])
        if operation.bias:
            bias = np.array(module.bias[...]).reshape(-1, *(1,) * axes)
            y = y + torch.from_numpy(bias)
        np.testing.assert_allclose(found, peers.last(y, x, axes), rtol=2e-5, atol=2e-5)

    check()


@pytest.mark.parametrize(
    ("attributes", "options"),
    [
        ({"kernel": 4, "stride": 2, "padding": 1}, {"stride": 2, "padding": 1}),
        (
            {"kernel": 3, "stride": 2, "padding": ((1, 0), (1, 0))},
            {"stride": 2, "padding": 1, "output_padding": 1},
        ),
        ({"kernel": 3, "padding": "valid"}, {}),
    ],
)
def test_padding_counts_as_in_torch_what_is_taken_away(attributes, options):
    kind = Type((5, 4, 2))
    operation = operations["conv_transpose"](3, **attributes)
    x, module, found = applied(operation, kind)
    weight = np.moveaxis(np.flip(np.asarray(module.kernel[...]), (0, 1)), [-2, -1], [0, 1])
    bias = torch.from_numpy(np.array(module.bias[...]))
    y = torch.nn.functional.conv_transpose2d(
        peers.first(x, 2), torch.from_numpy(weight.copy()), bias, **options
    )
    np.testing.assert_allclose(found, peers.last(y, x, 2), rtol=2e-5, atol=2e-5)


def place_by_place(operation, kind, x, module):
    """The unshared convolution of one image of `kind`, with loops over its places."""
    axes = len(kind.shape) - 1
    stride, dilation = (peers.every(each, axes) for each in (operation.stride, operation.dilation))
    window = peers.every(operation.kernel, axes)
    spans = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    pairs = peers.borders(kind.shape[:-1], spans, stride, operation.padding)
    x = np.pad(x, [*pairs, (0, 0)])
    kernel = np.asarray(module.kernel[...])
    y = np.zeros((*kernel.shape[:axes], operation.features), np.float32)
    for place in np.ndindex(*kernel.shape[:axes]):
        starts = zip(place, stride, spans, dilation, strict=True)
        cuts = tuple(slice(i * s, i * s + span, d) for i, s, span, d in starts)
        y[place] = np.tensordot(x[cuts], kernel[place], axes + 1)
    return y + np.asarray(module.bias[...]) if operation.bias else y


def test_a_locally_connected_layer_is_a_kernel_at_each_place():
    @few
    @given(SAMPLES["locally_connected"])
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is None:
            return
        x, module, found = applied(operation, kind)
        images = np.asarray(x).reshape(-1, *kind.shape)
        expected = [place_by_place(operation, kind, each, module) for each in images]
        np.testing.assert_allclose(
            np.reshape(found, np.shape(expected)), expected, rtol=2e-5, atol=2e-5
        )

    check()


def test_the_kernel_of_each_place_is_drawn_as_that_of_a_convolution():
    kind = Type((6, 6, 8))
    operation = operations["locally_connected"](32, kernel_init=initializers["he_normal"]())
    kernel = np.asarray(forms.build(operation, [kind]).kernel[...])
    assert kernel.shape == (6, 6, 3, 3, 8, 32)
    deviations = kernel.reshape(36, -1).std(axis=1)
    np.testing.assert_allclose(deviations, np.sqrt(2 / (9 * 8)), rtol=0.1)
    assert len(np.unique(kernel)) > 0.99 * kernel.size
