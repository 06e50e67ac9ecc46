"""Samples of graphc/ops/user_code.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import anything, of

SAMPLES = {
    "python": of(
        "python",
        anything,
        definition=st.sampled_from(["jax.nn:elu", "jax.nn:celu"]),
        arguments=st.sampled_from([(), (("alpha", 0.5),)]),
        installed=st.just(True),
    ),
}
