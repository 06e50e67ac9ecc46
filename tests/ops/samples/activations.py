"""Samples of graphc/ops/activations.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import anything, of, with_features

SAMPLES = {
    "softmax": of("softmax", with_features),
    "log_softmax": of("log_softmax", with_features),
    "leaky_relu": of("leaky_relu", anything, negative_slope=st.sampled_from([0.01, 0.2])),
    "elu": of("elu", anything, alpha=st.sampled_from([1.0, 0.5])),
    "gelu": of("gelu", anything, approximate=st.booleans()),
}
