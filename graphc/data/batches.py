"""The order in which examples are seen: batches of indices, the last one padded.

An absent row has the index -1. It wraps around to the last example, so that its numbers are
finite, and counts for nothing: `order >= 0` is the mask.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphc.data.dataset import Arrays


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """All examples once, in an order drawn from (seed, epoch): int32 [steps, batch_size].

    Example:
        >>> epoch_order(5, 2, seed=0, epoch=0).shape
        (3, 2)
    """
    bits = np.random.Philox(np.random.SeedSequence([seed, epoch]))
    return _batched(np.random.Generator(bits).permutation(count), batch_size)


def plain_order(count: int, batch_size: int) -> np.ndarray:
    """All examples once, in the order of the split: int32 [steps, batch_size].

    Example:
        >>> plain_order(3, 2).tolist()
        [[0, 1], [2, -1]]
    """
    return _batched(np.arange(count), batch_size)


def take(arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> Arrays:
    """The batch of these rows: each field, and the boolean `mask` [batch] of present rows."""
    return {name: array[rows] for name, array in arrays.items()} | {"mask": rows >= 0}


def _batched(order: np.ndarray, batch_size: int) -> np.ndarray:
    steps = -(-len(order) // batch_size)
    padded = np.full(steps * batch_size, -1, np.int32)
    padded[: len(order)] = order
    return padded.reshape(steps, batch_size)
