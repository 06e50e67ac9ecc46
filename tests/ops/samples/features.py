"""Samples of graphc/ops/features.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import along, featured, of, sequences, typed, with_features

halved = typed(featured.map(lambda shape: (*shape[:-1], 2 * shape[-1])))


@st.composite
def pieces(draw):
    x, count = draw(with_features), draw(st.integers(2, 3))
    return operations["maxout"](count), [x.with_last(count * x.features)]


def probabilities(name):
    return st.one_of(along(name, with_features), of(name, sequences, over=st.just("time")))


SAMPLES = {
    "softmax": probabilities("softmax"),
    "log_softmax": probabilities("log_softmax"),
    "sparsemax": of("sparsemax", with_features),
    "maxout": pieces(),
    "glu": of("glu", halved),
    "swiglu": of("swiglu", halved),
    "geglu": of("geglu", halved),
    "reglu": of("reglu", halved),
}
