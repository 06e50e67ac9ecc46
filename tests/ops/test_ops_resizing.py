"""Padding, cropping, upsampling and pixel shuffles against PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from samples import SAMPLES

from graphc.core.registry import operations
from graphc.core.types import BATCH, Axis, Type
from graphc.testing import forms
from graphc.testing.contracts import few

peers = pytest.importorskip("peers")
torch = peers.torch
pytestmark = pytest.mark.usefixtures("quick_compile")
IMAGE = Type((4, 3, 2))


def against(name, reference):
    """Compare all samples of an operation with `reference(operation, x [b, c, *sizes], axes)`."""

    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, [kind] = sample
        x, axes = forms.array(kind), len(kind.shape) - 1
        expected = peers.last(reference(operation, peers.first(x, axes), axes), x, axes)
        found = forms.call(operation, [kind], [x])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    check()


def margins(operation, axes):
    return [(n, n) if isinstance(n, int) else n for n in peers.every(operation.margins, axes)]


def test_pad_is_that_of_torch():
    modes = {"edge": "replicate"}

    def padded(operation, x, axes):
        mode = modes.get(operation.mode, operation.mode)
        return peers.surrounded(x, margins(operation, axes), mode, operation.value)

    against("pad", padded)


def test_crop_is_padding_by_less_than_nothing():
    def cropped(operation, x, axes):
        return peers.surrounded(x, [(-a, -b) for a, b in margins(operation, axes)])

    against("crop", cropped)


def test_crop_takes_whole_numbers_and_leaves_them_whole():
    labels = Type((5, 5, 1), "int", 10)
    assert operations["crop"](1).infer(labels) == Type((3, 3, 1), "int", 10)


def test_upsample_is_interpolation_between_centres_in_torch():
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}

    def interpolated(operation, x, axes):
        factors = tuple(float(each) for each in peers.every(operation.factor, axes))
        mode = "nearest" if operation.method == "nearest" else linear[axes]
        options = {} if mode == "nearest" else {"align_corners": False}
        return torch.nn.functional.interpolate(x, scale_factor=factors, mode=mode, **options)

    against("upsample", interpolated)


def blocks(x, factors):
    """The same with numpy alone, channel by channel and place by place."""
    channels = x.shape[1] // np.prod(factors)
    sizes = [n * factor for n, factor in zip(x.shape[2:], factors, strict=True)]
    y = np.zeros((x.shape[0], channels, *sizes), np.float32)
    for channel in range(channels):
        for k, place in enumerate(np.ndindex(*factors)):
            cuts = tuple(slice(i, None, step) for i, step in zip(place, factors, strict=True))
            y[(slice(None), channel, *cuts)] = x[:, channel * int(np.prod(factors)) + k]
    return torch.from_numpy(y)


def test_pixel_shuffle_fills_blocks_with_neighbouring_channels():
    against("pixel_shuffle", lambda operation, x, axes: blocks(x.numpy(), operation.factor))


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_pixel_shuffles_of_images_are_those_of_torch(factor):
    shuffle, unshuffle = (operations[f"pixel_{word}"](factor) for word in ("shuffle", "unshuffle"))
    small, large = Type((2, 3, 2 * factor**2)), Type((2 * factor, 3 * factor, 2))
    x, y = forms.array(small), forms.array(large)
    expected = torch.nn.functional.pixel_shuffle(peers.first(x, 2), factor)
    np.testing.assert_array_equal(forms.call(shuffle, [small], [x]), peers.last(expected, x, 2))
    expected = torch.nn.functional.pixel_unshuffle(peers.first(y, 2), factor)
    np.testing.assert_array_equal(forms.call(unshuffle, [large], [y]), peers.last(expected, y, 2))


def test_pixel_unshuffle_undoes_pixel_shuffle():
    @few
    @given(SAMPLES["pixel_shuffle"])
    def check(sample):
        operation, [kind] = sample
        x, back = forms.array(kind), operations["pixel_unshuffle"](operation.factor)
        y = forms.call(operation, [kind], [x])
        shuffled = operation.infer(kind)
        assert back.infer(shuffled) == kind
        np.testing.assert_array_equal(forms.call(back, [shuffled], [y]), x)

    check()


@pytest.mark.parametrize(
    ("name", "attributes", "text"),
    [
        ("pad", {"margins": 1}, "jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))"),
        (
            "pad",
            {"margins": ((0, 1), 2), "value": -1.0},
            "jnp.pad(x, ((0, 0), (0, 1), (2, 2), (0, 0)), constant_values=-1.0)",
        ),
        (
            "pad",
            {"margins": 1, "mode": "circular"},
            "jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode='wrap')",
        ),
        ("crop", {"margins": 1}, "x[..., 1:-1, 1:-1, :]"),
        ("crop", {"margins": ((1, 0), (0, 2))}, "x[..., 1:, :-2, :]"),
        ("upsample", {}, "jnp.repeat(jnp.repeat(x, 2, axis=-3), 2, axis=-2)"),
        ("upsample", {"factor": (1, 3)}, "jnp.repeat(x, 3, axis=-2)"),
        ("upsample", {"method": "linear"}, "interpolate(x, (8, 6))"),
    ],
)
def test_plain_calls_where_there_are_some(name, attributes, text):
    assert forms.source(operations[name](**attributes), [IMAGE]) == text


def test_only_the_axes_of_a_point_are_padded():
    film = Type((4, 2), domain=(BATCH, Axis("time", "time")))
    found = forms.source(operations["pad"](1), [film])
    assert found == "jnp.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))"
