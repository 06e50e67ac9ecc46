"""Samples of graphc/ops/dense.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import along, layer, of, sizes, typed, with_features

plain = of("dense", typed(st.tuples(sizes)), features=sizes, **layer)
SAMPLES = {"dense": st.one_of(plain, along("dense", with_features, features=sizes, **layer))}
