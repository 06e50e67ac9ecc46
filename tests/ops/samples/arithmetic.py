"""Samples of graphc/ops/arithmetic.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import numbers, of, pair, several, together

SAMPLES = {
    "constant": of("constant", st.just([]), value=st.sampled_from([1, -2, 0.5])),
    "add": of("add", several),
    "multiply": of("multiply", several),
    "maximum": of("maximum", several),
    "minimum": of("minimum", several),
    "subtract": of("subtract", pair),
    "divide": of("divide", pair),
    "power": of("power", pair),
    "remainder": of("remainder", numbers.map(lambda x: [x]), by=st.integers(1, 4)),
    "where": of("where", together(st.just(3), ("bool", "float"))),
}
