"""Samples of graphc/ops/weights.py."""

from hypothesis import strategies as st

from graphc.ops.initializers import Constant, Normal, Uniform
from graphc.testing.strategies import of, shapes

initials = st.sampled_from([Normal(0.02), Uniform(1.0), Constant(0.5)])

SAMPLES = {
    "weight": of("weight", st.just([]), shape=shapes, init=initials, frozen=st.booleans()),
}
