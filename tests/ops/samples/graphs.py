"""Samples of the files of graphc/ops on graphs: graphs.py, graph_attention.py and edges.py."""

from hypothesis import strategies as st

from graphc.core.types import BATCH, EDGES
from graphc.testing.strategies import WITH_EDGES, WITH_NODES, layer, of, shapes, sizes, typed

nodes = typed(st.tuples(sizes), domains=WITH_NODES)
edges = typed(shapes, domains=WITH_EDGES)
weights = typed(st.just(()), domains=[(BATCH, EDGES)])
weighted = st.tuples(nodes, st.one_of(st.none(), weights)).map(list)
common = {"features": sizes, **layer}

SAMPLES = {
    "graph_conv": of(
        "graph_conv",
        weighted,
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
    "senders": of("senders", typed(shapes, domains=WITH_NODES)),
    "receivers": of("receivers", typed(shapes, domains=WITH_NODES)),
    "aggregate": of("aggregate", edges, how=st.sampled_from(["sum", "mean", "max"])),
    "edge_softmax": of("edge_softmax", edges),
    "gin_conv": of("gin_conv", nodes, epsilon=st.sampled_from([0.0, 0.5]), learned=st.booleans()),
}
