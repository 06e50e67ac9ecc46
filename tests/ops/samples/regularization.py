"""Samples of graphc/ops/regularization.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import anything, of

SAMPLES = {
    "dropout": of("dropout", anything, rate=st.sampled_from([0.0, 0.3])),
}
