"""Samples of graphc/ops/slopes.py: of numbers that do not depend on the value."""

from graphc.testing.strategies import arrays, of

numbers = arrays.map(lambda kind: [kind.with_shape(()), kind])

SAMPLES = {"gradient": of("gradient", numbers)}
