"""Samples of graphc/ops/reductions.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import along, axis_of, sequences, with_features

REDUCTIONS = ("mean", "sum", "prod", "max", "min", "variance", "std", "norm")


@st.composite
def reductions(draw, name):
    if draw(st.booleans()) and draw(st.booleans()):
        return operations[name](over="time"), [draw(sequences)]
    x = draw(with_features)
    several = st.sets(st.integers(0, len(x.shape) - 1), min_size=1).map(tuple)
    axis = draw(st.one_of(st.none(), axis_of(x), several))
    return operations[name](axis, draw(st.booleans())), [x]


SAMPLES = {name: reductions(name) for name in REDUCTIONS}
SAMPLES |= {name: along(name, with_features) for name in ("argmax", "argmin", "cumulative_sum")}
