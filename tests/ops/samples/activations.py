"""Samples of graphc/ops/activations.py."""

from hypothesis import strategies as st

from graphc.ops.initializers import Constant, Normal
from graphc.testing.strategies import anything, of, with_features

alpha = {"alpha": st.sampled_from([1.0, 0.5])}
threshold = {"threshold": st.sampled_from([0.0, 0.7])}

SAMPLES = {
    "leaky_relu": of("leaky_relu", anything, negative_slope=st.sampled_from([0.01, 0.2])),
    "elu": of("elu", anything, **alpha),
    "celu": of("celu", anything, **alpha),
    "gelu": of("gelu", anything, approximate=st.booleans()),
    "squareplus": of("squareplus", anything, b=st.sampled_from([0.5, 4.0])),
    "soft_shrink": of("soft_shrink", anything, **threshold),
    "hard_shrink": of("hard_shrink", anything, **threshold),
    "prelu": of(
        "prelu",
        with_features,
        shared=st.booleans(),
        slope_init=st.sampled_from([Constant(0.25), Normal(0.1)]),
    ),
}
