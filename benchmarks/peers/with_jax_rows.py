"""JAX tuned by hand: convolutions as one product for each row of images, an epoch in one `scan`.

The rows below a row of a kernel go through a matrix that holds the kernel at each of its places.
It is no library convolution, which is slow in a loop on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
import numpy as np

from benchmarks.peers.with_jax import by_epoch, lenet, training
from benchmarks.workloads import Workload


def start(workload: Workload, arrays: dict, weights: dict) -> Callable[[int], float]:
    return training(workload, arrays, weights, partial(lenet, conv=_conv), by_epoch)


def _conv(layer, x, padding):
    kernel = layer["kernel"]
    side, _, _, features = kernel.shape
    if padding == "SAME":
        around = ((side - 1) // 2, side // 2)
        x = jnp.pad(x, [(0, 0), around, around, (0, 0)])
    batch, height, width, _ = x.shape
    rows, columns = height - side + 1, width - side + 1
    # place[w, k, o] is 1 where column o of the result reads column w with column k of the kernel
    place = np.stack([np.eye(width, columns, -k, np.float32) for k in range(side)], 1)
    band = jnp.einsum("hkcf,wko->hwcof", kernel, place).reshape(-1, columns * features)
    lines = x.reshape(batch, height, -1)
    read = jnp.concatenate([lines[:, h : h + rows] for h in range(side)], -1)
    return (read @ band).reshape(batch, rows, columns, features) + layer["bias"]
