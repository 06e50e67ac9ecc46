"""Samples of graphc/ops/shaping.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import (
    anything,
    featured,
    images,
    initials,
    numbers,
    of,
    sizes,
    together,
    typed,
)


@st.composite
def concatenated(draw):
    types = draw(together(st.integers(1, 3)))
    shape = max((each.shape for each in types), key=len)
    last = sizes.map(lambda n: (*shape[:-1], n)) if shape else st.sampled_from([(), (2,)])
    return [replace(each, shape=draw(last)) for each in types]


@st.composite
def shortcuts(draw):
    """A shortcut and two types that it can bring together."""
    kind = draw(st.sampled_from(["identity", "project", "pad"]))
    x = draw(typed(st.one_of(images, st.tuples(sizes))))
    stride = draw(st.sampled_from([1, 2, 3])) if kind != "identity" else 1
    shape = tuple(-(-size // stride) for size in x.shape[:-1])
    more = {"identity": 0, "project": draw(st.integers(-2, 2)), "pad": draw(st.integers(0, 3))}
    like = x.with_shape((*shape, max(1, x.features + more[kind])))
    return operations["shortcut"](kind, draw(initials)), [x, like]


@st.composite
def reshapes(draw):
    x = draw(typed(featured))
    shape = list(draw(st.permutations([*x.shape, 1])))
    if draw(st.booleans()):
        shape[0] = -1
    return operations["reshape"](tuple(shape)), [x]


SAMPLES = {
    "identity": of("identity", st.one_of(anything, numbers)),
    "flatten": of("flatten", st.one_of(anything, numbers)),
    "reshape": reshapes(),
    "concat": of("concat", concatenated()),
    "shortcut": shortcuts(),
}
