"""Samples of graphc/ops/features.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import along, featured, of, typed, with_features

halved = typed(featured.map(lambda shape: (*shape[:-1], 2 * shape[-1])))


@st.composite
def pieces(draw):
    x, count = draw(with_features), draw(st.integers(2, 3))
    return operations["maxout"](count), [x.with_last(count * x.features)]


SAMPLES = {
    "softmax": along("softmax", with_features),
    "log_softmax": along("log_softmax", with_features),
    "sparsemax": of("sparsemax", with_features),
    "maxout": pieces(),
    "glu": of("glu", halved),
    "swiglu": of("swiglu", halved),
    "geglu": of("geglu", halved),
    "reglu": of("reglu", halved),
}
