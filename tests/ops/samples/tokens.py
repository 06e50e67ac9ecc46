"""Samples of graphc/ops/tokens.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import sizes, typed


@st.composite
def cuts(draw):
    """Images of one to three axes and tiles that cover them."""
    tile = tuple(draw(st.lists(sizes, min_size=1, max_size=3)))
    counts = [draw(st.integers(1, 3)) for _ in tile]
    shape = [size * count for size, count in zip(tile, counts, strict=True)]
    image = draw(typed(sizes.map(lambda c: (*shape, c))))
    return operations["patches"](tile), [image]


@st.composite
def positions(draw):
    kind = draw(st.sampled_from(["learned", "sinusoidal"]))
    return operations["position"](kind), [draw(typed(st.tuples(sizes, sizes)))]


SAMPLES = {
    "position": positions(),
    "patches": cuts(),
}
