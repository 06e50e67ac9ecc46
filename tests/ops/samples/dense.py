"""Samples of graphc/ops/dense.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import layer, of, sizes, typed

SAMPLES = {
    "dense": of("dense", typed(st.tuples(sizes)), features=sizes, **layer),
}
