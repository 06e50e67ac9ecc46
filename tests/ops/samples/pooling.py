"""Samples of graphc/ops/pooling.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import images, of, paddings, typed, windows

pool = {"window": windows, "stride": st.one_of(st.none(), windows), "padding": paddings}

SAMPLES = {
    "max_pool": of("max_pool", typed(images), **pool),
    "average_pool": of("average_pool", typed(images), **pool),
    "global_average_pool": of("global_average_pool", typed(images)),
    "global_max_pool": of("global_max_pool", typed(images)),
}
