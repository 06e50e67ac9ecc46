"""Samples of graphc/ops/comparisons.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import of, shapes, together, typed

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
LOGICAL = ("logical_and", "logical_or")
numbers = st.sampled_from([("float", "float"), ("int", "int"), ("int", "float")])
two = numbers.flatmap(lambda dtypes: together(st.just(2), dtypes))

SAMPLES = {name: of(name, two) for name in COMPARISONS}
SAMPLES |= {name: of(name, together(st.integers(1, 3), ("bool",))) for name in LOGICAL}
SAMPLES["logical_not"] = of("logical_not", typed(shapes, "bool"))
