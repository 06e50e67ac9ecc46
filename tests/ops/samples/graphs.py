"""Samples of graphc/ops/graphs.py and graphc/ops/graph_attention.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import WITH_NODES, layer, of, sizes, typed

nodes = typed(st.tuples(sizes), domains=WITH_NODES)
common = {"features": sizes, **layer}

SAMPLES = {
    "graph_conv": of(
        "graph_conv",
        nodes,
        normalize=st.sampled_from(["symmetric", "mean", "none"]),
        self_loops=st.sampled_from([True, False, 2.0]),
        **common,
    ),
    "graph_attention": of(
        "graph_attention",
        nodes,
        heads=st.integers(1, 3),
        join=st.sampled_from(["concat", "mean"]),
        dropout=st.sampled_from([0.0, 0.5]),
        self_loops=st.booleans(),
        **common,
    ),
    "sage_conv": of(
        "sage_conv", nodes, aggregate=st.sampled_from(["mean", "max", "sum", "pool"]), **common
    ),
    "chebyshev_conv": of("chebyshev_conv", nodes, order=st.integers(1, 4), **common),
    "gin_conv": of("gin_conv", nodes, epsilon=st.sampled_from([0.0, 0.5]), learned=st.booleans()),
}
