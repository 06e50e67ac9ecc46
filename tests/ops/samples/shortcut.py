"""Samples of graphc/ops/shortcut.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import images, initials, sizes, typed


@st.composite
def shortcuts(draw):
    """A shortcut and two types that it can bring together."""
    kind = draw(st.sampled_from(["identity", "project", "pad"]))
    x = draw(typed(st.one_of(images, st.tuples(sizes))))
    stride = draw(st.sampled_from([1, 2, 3])) if kind != "identity" else 1
    shape = tuple(-(-size // stride) for size in x.shape[:-1])
    more = {"identity": 0, "project": draw(st.integers(-2, 2)), "pad": draw(st.integers(0, 3))}
    like = x.with_shape((*shape, max(1, x.features + more[kind])))
    return operations["shortcut"](kind, draw(initials)), [x, like]


SAMPLES = {"shortcut": shortcuts()}
