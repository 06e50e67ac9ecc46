"""Samples of graphc/ops/convolution.py."""

from graphc.testing.strategies import images, layer, of, paddings, sizes, typed, windows

SAMPLES = {
    "conv": of(
        "conv",
        typed(images),
        features=sizes,
        kernel=windows,
        stride=windows,
        padding=paddings,
        **layer,
    ),
}
