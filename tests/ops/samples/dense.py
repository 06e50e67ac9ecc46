"""Samples of graphc/ops/dense.py."""

from hypothesis import strategies as st

from graphc.ops.kernels import WeightStandardization
from graphc.testing.strategies import (
    along,
    kernel_changes,
    layer,
    of,
    sizes,
    typed,
    with_features,
)

standardized = {"kernel_norm": st.builds(WeightStandardization, st.sampled_from([1e-5, 0.1]))}
wide = typed(st.tuples(st.integers(2, 4)))
SAMPLES = {
    "dense": st.one_of(
        of("dense", typed(st.tuples(sizes)), features=sizes, **layer),
        of("dense", typed(st.tuples(sizes)), features=sizes, **layer, **kernel_changes),
        of("dense", wide, features=sizes, **layer, **standardized),
        along("dense", with_features, features=sizes, **layer),
    )
}
