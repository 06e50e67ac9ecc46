"""Samples of graphc/ops/attention.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.core.types import BATCH
from graphc.testing.strategies import NODES, TIME, initials, sequences, sizes, together


@st.composite
def attentions(draw):
    """Attention to itself or to a memory, to all tokens or to some."""
    query, memory, visible = draw(together(st.just(3), ("float", "float", "bool")))
    heads, causal, rotary = draw(sizes), draw(st.booleans()), draw(st.booleans())
    given = draw(st.booleans())
    head_features = 2 * draw(sizes) if given or rotary else None
    features = draw(sizes) if head_features else heads * draw(sizes)
    query = replace(query, shape=(draw(sizes), features))
    others = query.shape[0] if causal else draw(sizes)
    memory = draw(st.sampled_from([None, replace(memory, shape=(others, draw(sizes)))]))
    others = (memory or query).shape[0]
    shape = draw(st.sampled_from([(others,), (query.shape[0], others)]))
    visible = draw(st.sampled_from([None, replace(visible, shape=shape)]))
    attention = operations["attention"](
        heads,
        draw(st.one_of(st.none(), sizes)),
        head_features,
        causal,
        rotary,
        dropout=draw(st.sampled_from([0.0, 0.3])),
        bias=draw(st.booleans()),
        kernel_init=draw(initials),
    )
    return attention, [query, memory, visible]


@st.composite
def over_steps(draw):
    """Attention over the steps of a memory, of queries with those steps, with tokens, or single."""
    memory, visible = draw(sequences), None
    memory = replace(memory, shape=(draw(sizes),))
    own = draw(st.booleans())
    domain = draw(st.sampled_from([memory.domain, (BATCH, NODES), (BATCH,), ()]))
    tokens = () if TIME in domain else draw(st.sampled_from([(), (draw(sizes),)]))
    query = replace(memory, shape=(*tokens, draw(sizes)), domain=domain)
    if draw(st.booleans()):
        visible = replace(memory, shape=(), dtype="bool", domain=(BATCH, TIME))
    if own:
        query, memory = memory, None
    causal = TIME in query.domain and draw(st.booleans())
    rotary = TIME in query.domain and draw(st.booleans())
    attention = operations["attention"](
        draw(sizes),
        draw(st.one_of(st.none(), sizes)),
        2 * draw(sizes),
        causal,
        rotary,
        dropout=draw(st.sampled_from([0.0, 0.3])),
        over=draw(st.sampled_from([None, "time"])),
    )
    return attention, [query, memory, visible]


SAMPLES = {"attention": st.one_of(attentions(), over_steps())}
