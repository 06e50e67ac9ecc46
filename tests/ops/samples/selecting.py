"""Samples of graphc/ops/selecting.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import (
    along,
    axis_of,
    featured,
    sizes,
    together,
    typed,
    with_features,
)


@st.composite
def slices(draw):
    x = draw(typed(featured))
    axis = draw(axis_of(x))
    length = x.shape[axis]
    start = draw(st.integers(0, length - 1))
    stop = draw(st.one_of(st.none(), st.integers(start + 1, length)))
    start, stop = (
        place - length if place is not None and place < length and draw(st.booleans()) else place
        for place in (start, stop)
    )
    return operations["slice"](start, stop, draw(sizes), axis), [x]


@st.composite
def picks(draw):
    x, index = draw(together(st.just(2)))
    shape = max(x.shape, index.shape, key=len)
    below = draw(sizes)
    index = replace(index, shape=shape, dtype="int", below=below)
    return operations["pick"](), [replace(x, shape=(*shape, below + 1)), index]


@st.composite
def largest(draw):
    x = draw(with_features)
    return operations["top_k"](draw(st.integers(1, x.features))), [x]


SAMPLES = {
    "slice": slices(),
    "flip": along("flip", with_features),
    "roll": along("roll", with_features, shift=st.integers(-3, 3)),
    "pick": picks(),
    "top_k": largest(),
}
