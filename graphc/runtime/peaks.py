"""What the device does at most: products of matrices, and numbers that go through memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp

from graphc.core.operation import PRECISIONS
from graphc.insight.roofline import Peaks

_SECONDS = 0.1
_SIDE = {"cpu": 1024}
_BYTES = {"cpu": 1 << 27}
_ELSEWHERE = 8192, 1 << 30


def measured_peaks() -> Peaks:
    """The best of a few products and copies, in half a second or so.

    Both are what large arrays reach: small ones that stay in a cache may be moved faster.
    """
    platform = jax.default_backend()
    side, size = _SIDE.get(platform, _ELSEWHERE[0]), _BYTES.get(platform, _ELSEWHERE[1])
    flops = {word: 2 * side**3 / _best(_product(word, side)) for word in PRECISIONS}
    return Peaks(flops, 2 * size / _best(_pass(size)))


def _pass(size: int) -> Callable[[], jax.Array]:
    """Reads and writes so many bytes, in place: memory that is new costs more at its first use."""
    add = jax.jit(lambda x: x + 1, donate_argnums=0)
    held = [jnp.zeros(size // 4, jnp.float32)]

    def once() -> jax.Array:
        held.append(add(held.pop()))
        return held[-1]

    return once


def _product(dtype: str, side: int) -> Callable[[], jax.Array]:
    matrix = jnp.full((side, side), 0.5, dtype)
    product = jax.jit(lambda x: jnp.matmul(x, x, preferred_element_type=jnp.float32))
    return lambda: product(matrix)


def _best(action: Callable[[], jax.Array]) -> float:
    """The fewest seconds that it took, once it was compiled."""
    action().block_until_ready()
    times: list[float] = []
    while sum(times) < _SECONDS or len(times) < 3:
        started = time.perf_counter()
        action().block_until_ready()
        times.append(time.perf_counter() - started)
    return min(times)
