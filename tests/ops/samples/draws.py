"""Samples of graphc/ops/draws.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import arrays, of, shapes

shape = {"shape": st.one_of(st.none(), shapes)}

SAMPLES = {
    "normal": of("normal", arrays, mean=st.sampled_from([0.0, 1.0]), **shape),
    "uniform": of("uniform", arrays, low=st.sampled_from([0.0, -1.0]), **shape),
    "bernoulli": of("bernoulli", arrays, p=st.sampled_from([0.0, 0.3]), **shape),
    "gumbel": of("gumbel", arrays, **shape),
    "stop_gradient": of("stop_gradient", arrays),
}
