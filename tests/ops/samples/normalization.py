"""Samples of graphc/ops/normalization.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import of, with_batch, with_features

norm = {"scale": st.booleans(), "bias": st.booleans()}

SAMPLES = {
    "batch_norm": of("batch_norm", with_batch, momentum=st.sampled_from([0.5, 0.99]), **norm),
    "layer_norm": of("layer_norm", with_features, **norm),
}
