"""Samples of graphc/ops/resizing.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import around, images, on_images, per_axis, typed

few, close = st.integers(1, 3), st.integers(1, 2)


def margins(shape, most):
    """Numbers at the sides of an image."""
    return around(len(shape) - 1, [0], most)


def pads(shape):
    modes = st.sampled_from(["edge", "reflect", "circular"])
    numbers = st.sampled_from([0.0, -1.5])
    return st.one_of(
        st.fixed_dictionaries({"margins": margins(shape, 2), "mode": modes}),
        st.fixed_dictionaries({"margins": margins(shape, 5), "value": numbers}),
    )


def factors(shape):
    return st.fixed_dictionaries({"factor": per_axis(len(shape) - 1, few)})


def upsampled(shape):
    methods = st.sampled_from(["nearest", "linear"])
    return st.fixed_dictionaries({"factor": per_axis(len(shape) - 1, few), "method": methods})


@st.composite
def shuffled(draw, name):
    """An image, and factors that divide its channels or its sizes."""
    x = draw(typed(images))
    many = draw(st.tuples(*[close] * (len(x.shape) - 1)))
    product = 1
    for factor in many:
        product *= factor
    if name == "pixel_shuffle":
        return operations[name](many), [x.with_last(x.features * product)]
    sizes = (n * factor for n, factor in zip(x.shape, many, strict=False))
    return operations[name](many), [replace(x, shape=(*sizes, x.features))]


SAMPLES = {
    "pad": on_images("pad", pads),
    "crop": on_images("crop", lambda shape: st.fixed_dictionaries({"margins": margins(shape, 1)})),
    "upsample": on_images("upsample", upsampled),
    "pixel_shuffle": shuffled("pixel_shuffle"),
    "pixel_unshuffle": shuffled("pixel_unshuffle"),
}
