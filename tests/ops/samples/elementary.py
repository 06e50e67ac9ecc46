"""Samples of graphc/ops/elementary.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import anything

bounds = st.sampled_from([(None, 0.7), (0.7, None), (0.7, 0.9)])

SAMPLES = {
    "clip": st.tuples(
        bounds.map(lambda each: operations["clip"](*each)), anything.map(lambda x: [x])
    ),
}
