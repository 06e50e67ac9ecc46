"""Samples of graphc/ops/pooling.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import around, featured, of, on_images, per_axis, sizes, typed

whole = typed(st.tuples(sizes, featured).map(lambda each: (each[0], *each[1])))


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


SAMPLES = {
    "max_pool": on_images("max_pool", pool),
    "average_pool": on_images("average_pool", pool),
    "global_average_pool": of("global_average_pool", whole),
    "global_max_pool": of("global_max_pool", whole),
}
