"""Samples of graphc/ops/augmentation.py."""

from hypothesis import strategies as st

from graphc.testing.strategies import lengths, of, sizes, typed

share = st.sampled_from([0.1, 0.4])
images = typed(st.tuples(lengths, lengths, sizes))
colors = typed(st.tuples(lengths, lengths, st.just(3)))

SAMPLES = {
    "random_flip": of(
        "random_flip", images, direction=st.sampled_from(["horizontal", "vertical", "both"])
    ),
    "random_crop": of("random_crop", images, padding=st.integers(1, 3)),
    "random_affine": of("random_affine", images, rotate=st.just(20.0), shift=share, zoom=share),
    "color_jitter": of("color_jitter", colors, brightness=share, contrast=share, saturation=share),
    "cutout": of("cutout", images, size=st.integers(1, 4)),
}
