"""Samples of graphc/ops/pairs.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import WITH_NODES, initials, of, sizes, typed

nodes = typed(st.tuples(sizes), domains=WITH_NODES)

SAMPLES = {
    "edge_score": st.one_of(
        of("edge_score", nodes),
        of(
            "edge_score",
            nodes,
            method=st.just("bilinear"),
            directed=st.booleans(),
            kernel_init=initials,
        ),
        of(
            "edge_score",
            nodes,
            method=st.just("mlp"),
            hidden=st.sampled_from([None, 1, 3]),
            directed=st.booleans(),
        ),
    ),
}
