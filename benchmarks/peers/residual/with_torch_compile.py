"""PyTorch with `torch.compile`."""

from __future__ import annotations

from functools import partial

from benchmarks.peers.compiled import compiled
from benchmarks.peers.residual import with_torch

start = partial(with_torch.start, prepared=compiled)
