"""Samples of graphc/ops/embedding.py."""

from graphc.testing.strategies import numbers, of, sizes

SAMPLES = {
    "embed": of("embed", numbers, features=sizes),
    "one_hot": of("one_hot", numbers),
}
