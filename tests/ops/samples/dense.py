"""Samples of graphc/ops/dense.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import layer, of, sizes, typed, with_features


@st.composite
def along_an_axis(draw):
    x = draw(with_features)
    axis = draw(st.integers(-len(x.shape), len(x.shape) - 1))
    return operations["dense"](draw(sizes), axis=axis), [x]


plain = of("dense", typed(st.tuples(sizes)), features=sizes, **layer)
SAMPLES = {"dense": st.one_of(plain, along_an_axis())}
