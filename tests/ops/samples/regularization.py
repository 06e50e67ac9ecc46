"""Samples of graphc/ops/regularization.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import arrays, featured, of, sizes, typed

rate = {"rate": st.sampled_from([0.0, 0.3])}
spatial = typed(st.tuples(sizes, featured).map(lambda each: (each[0], *each[1])))

SAMPLES = {
    "dropout": of("dropout", arrays, **rate),
    "spatial_dropout": of("spatial_dropout", spatial, **rate),
    "drop_path": of("drop_path", arrays, **rate),
    "gaussian_noise": of("gaussian_noise", arrays, stddev=st.sampled_from([0.0, 0.3])),
    "gaussian_dropout": of("gaussian_dropout", arrays, **rate),
    "alpha_dropout": of("alpha_dropout", arrays, **rate),
}
