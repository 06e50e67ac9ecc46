"""Samples of graphc/ops/joining.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import (
    along,
    axis_of,
    featured,
    numbers,
    sequences,
    sizes,
    together,
    typed,
    with_features,
)


@st.composite
def alike(draw):
    """One to three values of one shape, over domains that can be joined."""
    types = draw(together(st.integers(1, 3)))
    shape = max((each.shape for each in types), key=len)
    return [replace(each, shape=shape) for each in types]


@st.composite
def concatenated(draw):
    types = draw(alike())
    if not types[0].shape:
        return operations["concat"](), types
    axis, found = draw(axis_of(types[0])), []
    for each in types:
        shape = list(each.shape)
        shape[axis] = draw(sizes)
        found.append(replace(each, shape=tuple(shape)))
    return operations["concat"](axis), found


@st.composite
def stacked(draw):
    types = draw(alike())
    count = len(types[0].shape) + 1
    return operations["stack"](draw(st.integers(-count, count - 1))), types


@st.composite
def stacked_steps(draw):
    x = draw(sequences)
    return operations["stack"](over="time", length=draw(st.integers(4, 6))), [x]


@st.composite
def splits(draw):
    x = draw(st.one_of(typed(featured), numbers.filter(lambda x: x.shape)))
    axis = draw(axis_of(x))
    parts = draw(st.lists(sizes, min_size=2, max_size=3))
    if draw(st.booleans()):
        parts = [parts[0]] * len(parts)
    shape = list(x.shape)
    shape[axis] = sum(parts)
    equal = len(set(parts)) == 1 and draw(st.booleans())
    names = ("one", "two", "three")[: len(parts)]
    split = operations["split"](names, None if equal else tuple(parts), axis)
    return split, [replace(x, shape=tuple(shape))]


SAMPLES = {
    "concat": concatenated(),
    "stack": st.one_of(stacked(), stacked_steps()),
    "split": splits(),
    "tile": along("tile", with_features, times=sizes),
}
