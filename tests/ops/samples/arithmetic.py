"""Samples of graphc/ops/arithmetic.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import of, pair, several, together

SAMPLES = {
    "constant": of("constant", st.just([]), value=st.sampled_from([1, -2, 0.5])),
    "add": of("add", several),
    "multiply": of("multiply", several),
    "maximum": of("maximum", several),
    "minimum": of("minimum", several),
    "subtract": of("subtract", pair),
    "divide": of("divide", pair),
    "power": of("power", pair),
    "where": of("where", together(st.just(3), ("bool", "float"))),
}
