"""`torch.compile` with a cache of its own, so that nothing is kept from one run to the next."""

from __future__ import annotations

import os
import tempfile

import torch
from torch import nn

FOLDER = tempfile.TemporaryDirectory()


def compiled(model: nn.Module) -> nn.Module:
    """What computes the same, compiled when it is first called."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = FOLDER.name
    return torch.compile(model)
