"""Samples of graphc/ops/einsum.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import sizes
from samples.products import over_domains

terms = st.text("ijk", max_size=3)


@st.composite
def einsums(draw):
    inputs = draw(st.lists(terms, min_size=1, max_size=3))
    letters = sorted(set("".join(inputs)))
    output = draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))]
    length = {letter: draw(sizes) for letter in letters}
    shapes = [tuple(length[letter] for letter in term) for term in inputs]
    equation = f"{','.join(inputs)}->{''.join(output)}"
    return operations["einsum"](equation), draw(over_domains(st.just(shapes)))


SAMPLES = {"einsum": einsums()}
