"""Samples of graphc/ops/tokens.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import sizes, typed


@st.composite
def cuts(draw):
    height, width, rows, columns = (draw(sizes) for _ in range(4))
    image = draw(typed(sizes.map(lambda c: (height * rows, width * columns, c))))
    return operations["patches"]((height, width)), [image]


@st.composite
def positions(draw):
    kind = draw(st.sampled_from(["learned", "sinusoidal"]))
    return operations["position"](kind), [draw(typed(st.tuples(sizes, sizes)))]


SAMPLES = {
    "position": positions(),
    "patches": cuts(),
}
