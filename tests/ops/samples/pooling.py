"""Samples of graphc/ops/pooling.py and graphc/ops/adaptive_pooling.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import (
    around,
    featured,
    of,
    on_images,
    per_axis,
    sizes,
    steps_of_features,
    typed,
)

whole = typed(st.tuples(sizes, featured).map(lambda each: (each[0], *each[1])))

powers = st.sampled_from([1.0, 2.0, 2.5])


@st.composite
def pool(draw, shape, **more):
    """Attributes of a window over an image of this shape; it is longer than its padding."""
    axes, least = len(shape) - 1, draw(st.integers(1, 3))
    own = {
        "window": per_axis(axes, st.integers(least, 4)),
        "stride": st.one_of(st.none(), per_axis(axes, sizes)),
        "padding": around(axes, ["same", "valid"], least - 1),
    }
    return draw(st.fixed_dictionaries(own | more))


def adaptive(shape):
    """Sizes that may divide those of an image, or not."""
    return st.fixed_dictionaries({"size": per_axis(len(shape) - 1, st.integers(1, 7))})


def on_both(name):
    """Samples on images and on the steps of sequences."""
    attributes = {"window": sizes, "padding": st.sampled_from(["same", "causal"])}
    over = of(name, steps_of_features, over=st.just("time"), **attributes)
    return st.one_of(on_images(name, pool), over)


SAMPLES = {
    "max_pool": on_both("max_pool"),
    "average_pool": on_both("average_pool"),
    "lp_pool": on_images(
        "lp_pool", lambda shape: pool(shape, power=st.sampled_from([1.0, 2.0, 2.5]))
    ),
    "stochastic_pool": on_images("stochastic_pool", pool),
    "adaptive_average_pool": on_images("adaptive_average_pool", adaptive),
    "adaptive_max_pool": on_images("adaptive_max_pool", adaptive),
    "global_average_pool": of("global_average_pool", whole),
    "global_max_pool": of("global_max_pool", whole),
}
