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
    steps_of_features,
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
    over_steps, groups = draw(st.booleans()), draw(few)
    x = draw(steps_of_features if over_steps else typed(images)).with_last(groups * draw(close))
    more = {"groups": st.just(groups), "features": close}
    attributes = draw(
        along_steps(**more) if over_steps else sliding(x.shape, kernel_changes, **more)
    )
    attributes["features"] *= groups
    return operations["conv"](**attributes), [x]


def along_steps(**more):
    """Attributes of what slides over the steps of a sequence."""
    own = {
        "kernel": few,
        "dilation": close,
        "padding": st.sampled_from(["same", "causal"]),
        "over": st.just("time"),
    }
    return st.fixed_dictionaries(own | layer | more, optional=kernel_changes)


@st.composite
def depthwise_along_steps(draw):
    attributes = draw(along_steps(multiplier=close))
    return operations["depthwise_conv"](**attributes), [draw(steps_of_features)]


SAMPLES = {
    "conv": grouped(),
    "depthwise_conv": st.one_of(
        on_images("depthwise_conv", lambda shape: sliding(shape, kernel_changes, multiplier=close)),
        depthwise_along_steps(),
    ),
}
