"""PyTorch with `torch.compile`."""

from __future__ import annotations

from functools import partial

import torch

from benchmarks.peers.attention import with_torch

start = partial(with_torch.start, prepared=torch.compile)
