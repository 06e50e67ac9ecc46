"""Samples of graphc/ops/products.py."""

from dataclasses import replace

from hypothesis import strategies as st

from graphc.testing.strategies import of, sizes, together

ranks = st.lists(sizes, max_size=2).map(tuple)


@st.composite
def over_domains(draw, shapes):
    """Values of these shapes, over domains that can be joined."""
    drawn = draw(shapes)
    types = draw(together(st.just(len(drawn))))
    return [replace(each, shape=shape) for each, shape in zip(types, drawn, strict=True)]


@st.composite
def factors(draw):
    """The shapes of two matrices or vectors whose product there is."""
    before, inner = draw(ranks), draw(sizes)
    a = (*draw(st.sampled_from([(), before])), draw(sizes), inner)
    b = (*draw(st.sampled_from([(), before])), inner, draw(sizes))
    return draw(st.sampled_from([a, (inner,)])), draw(st.sampled_from([b, (inner,)]))


@st.composite
def pairs(draw):
    """The shapes of vectors along the last axis."""
    before, last = draw(ranks), draw(sizes)
    both = st.sampled_from([(*before, last), (last,)])
    return draw(both), draw(both)


SAMPLES = {
    "matmul": of("matmul", over_domains(factors())),
    "dot": of("dot", over_domains(pairs())),
    "outer": of("outer", over_domains(st.tuples(ranks, ranks))),
    "cosine_similarity": of("cosine_similarity", over_domains(pairs())),
}
