"""Samples of graphc/ops/shaping.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import anything, axis_of, featured, numbers, of, typed


@st.composite
def reshapes(draw):
    x = draw(typed(featured))
    shape = list(draw(st.permutations([*x.shape, 1])))
    if draw(st.booleans()):
        shape[0] = -1
    return operations["reshape"](tuple(shape)), [x]


@st.composite
def permutes(draw):
    x = draw(st.one_of(anything, numbers))
    count = len(x.shape)
    order = draw(st.permutations(range(count)))
    signed = (draw(st.sampled_from([axis, axis - count])) for axis in order)
    return operations["permute"](tuple(signed)), [x]


@st.composite
def expansions(draw):
    x = draw(st.one_of(anything, numbers))
    count = len(x.shape) + 1
    return operations["expand_dims"](draw(st.integers(-count, count - 1))), [x]


@st.composite
def squeezes(draw):
    x = draw(typed(featured))
    axis = draw(axis_of(x))
    shape = list(x.shape)
    shape[axis] = 1
    return operations["squeeze"](axis), [replace(x, shape=tuple(shape))]


SAMPLES = {
    "identity": of("identity", st.one_of(anything, numbers)),
    "flatten": of("flatten", st.one_of(anything, numbers)),
    "reshape": reshapes(),
    "permute": permutes(),
    "expand_dims": expansions(),
    "squeeze": squeezes(),
}
