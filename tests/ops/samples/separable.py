"""Samples of graphc/ops/separable.py and graphc/ops/transposed.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import around, kernel_changes, on_images, per_axis
from samples.convolution import close, few, sliding


def words_only(shape, **more):
    """As `sliding`, with zeros around the image alone."""
    paddings = around(len(shape) - 1, ["same", "valid"], 2)
    return sliding(shape, padding=paddings, features=few, **more)


@st.composite
def transposed(draw, shape):
    """What is taken away is less than what a kernel of two makes."""
    axes = len(shape) - 1
    more = {
        "kernel": per_axis(axes, st.integers(2, 4)),
        "padding": around(axes, ["same", "valid"], 1),
    }
    return draw(sliding(shape, kernel_changes, features=few, **more))


SAMPLES = {
    "separable_conv": on_images(
        "separable_conv", lambda shape: sliding(shape, features=few, multiplier=close)
    ),
    "locally_connected": on_images("locally_connected", words_only),
    "conv_transpose": on_images("conv_transpose", transposed),
}
