"""Samples of graphc/ops/normalization.py."""

from hypothesis import strategies as st

from graphc.core.registry import operations
from graphc.testing.strategies import featured, of, typed, with_batch, with_features

scaled = {"scale": st.booleans()}
affine = {"scale": st.booleans(), "bias": st.booleans()}
spatial = typed(st.tuples(st.integers(2, 4), featured).map(lambda each: (each[0], *each[1])))


@st.composite
def grouped(draw):
    """A type and a number of groups that divides its channels, with several numbers in each."""
    x = draw(spatial)
    groups = draw(st.sampled_from([n for n in range(1, 5) if x.features % n == 0]))
    attributes = {name: draw(each) for name, each in affine.items()}
    return operations["group_norm"](groups=groups, **attributes), [x]


SAMPLES = {
    "batch_norm": of("batch_norm", with_batch, momentum=st.sampled_from([0.5, 0.99]), **affine),
    "layer_norm": of("layer_norm", with_features, **affine),
    "rms_norm": of("rms_norm", with_features, **scaled),
    "group_norm": grouped(),
    "instance_norm": of("instance_norm", spatial, **affine),
}
