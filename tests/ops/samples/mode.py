"""Samples of graphc/ops/mode.py."""

from graphc.testing.strategies import anything, of

SAMPLES = {"mode": of("mode", anything.map(lambda kind: [kind, kind]))}
