"""Samples of graphc/ops/graph_pooling.py."""

from hypothesis import strategies as st

from graphc.ops.initializers import GlorotUniform, Normal
from graphc.testing.strategies import WITH_NODES, of, shapes, sizes, typed

SAMPLES = {
    "graph_pool": st.one_of(
        of(
            "graph_pool",
            typed(shapes, domains=WITH_NODES),
            aggregate=st.sampled_from(["sum", "mean", "max"]),
        ),
        of(
            "graph_pool",
            typed(st.tuples(sizes), domains=WITH_NODES),
            aggregate=st.just("attention"),
            score_init=st.sampled_from([GlorotUniform(), Normal(0.1)]),
        ),
    ),
}
