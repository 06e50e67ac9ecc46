"""Samples of graphc/ops/convolution.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import (
    around,
    images,
    kernel_changes,
    layer,
    on_images,
    per_axis,
    typed,
)

few, close = st.integers(1, 3), st.integers(1, 2)


def sliding(shape, optional=None, **more):
    """Attributes of what slides over an image of this shape."""
    axes = len(shape) - 1
    words = ["same", "valid", "circular", "reflect", *(["causal"] if axes == 1 else [])]
    own = {
        "kernel": per_axis(axes, few),
        "stride": per_axis(axes, few),
        "dilation": per_axis(axes, close),
        "padding": around(axes, words, 2),
    }
    return st.fixed_dictionaries(own | layer | more, optional=optional)


@st.composite
def grouped(draw):
    x, groups = draw(typed(images)), draw(few)
    x = x.with_last(groups * draw(close))
    more = {"groups": st.just(groups), "features": close}
    attributes = draw(sliding(x.shape, kernel_changes, **more))
    attributes["features"] *= groups
    return operations["conv"](**attributes), [x]


SAMPLES = {
    "conv": grouped(),
    "depthwise_conv": on_images(
        "depthwise_conv", lambda shape: sliding(shape, kernel_changes, multiplier=close)
    ),
}
