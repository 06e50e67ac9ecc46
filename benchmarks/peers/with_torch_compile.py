"""PyTorch with `torch.compile`."""

from __future__ import annotations

from functools import partial

from benchmarks.peers import with_torch
from benchmarks.peers.compiled import compiled

start = partial(with_torch.start, prepared=compiled)
