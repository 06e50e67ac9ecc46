"""Samples of graphc/ops/scaling.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import of, with_features

SAMPLES = {
    "l2_normalize": of("l2_normalize", with_features, epsilon=st.sampled_from([1e-12, 2.0])),
    "local_response_norm": of(
        "local_response_norm",
        with_features,
        radius=st.integers(0, 5),
        k=st.sampled_from([1.0, 2.0]),
        alpha=st.sampled_from([0.0, 0.5]),
        beta=st.sampled_from([0.5, 0.75]),
    ),
}
