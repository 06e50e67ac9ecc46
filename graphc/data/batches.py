"""The order in which examples are seen: batches of indices, the last one padded.

An absent row has the index -1. It wraps around to the last example, so that its numbers are
finite, and counts for nothing: `order >= 0` is the mask.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphc.core.types import are_lengths, is_shared
from graphc.data.dataset import Arrays


def epoch_order(
    count: int,
    batch_size: int,
    seed: int,
    epoch: int,
    classes: np.ndarray | None = None,
    sample: np.ndarray | None = None,
) -> np.ndarray:
    """All examples once, in an order drawn from (seed, epoch): int32 [steps, batch_size].

    Args:
        classes: int [count]; with it there are as many examples, of every class equally many: those
            of a rare class several times, of a frequent one others in every epoch.
        sample: int [count]; the examples that stand in the place of all, see `bootstrap_sample`.

    Example:
        >>> epoch_order(5, 2, seed=0, epoch=0).shape
        (3, 2)
        >>> rows = epoch_order(4, 4, seed=0, epoch=0, classes=np.array([0, 0, 0, 1]))
        >>> sorted(rows[0].tolist())[2:]
        [3, 3]
    """
    bits = np.random.Philox(np.random.SeedSequence([seed, epoch]))
    draw = np.random.Generator(bits)
    if sample is None:
        rows = count if classes is None else _balanced(classes, draw)
        return _batched(draw.permutation(rows), batch_size)
    rows = len(sample) if classes is None else _balanced(classes[sample], draw)
    return _batched(sample[draw.permutation(rows)], batch_size)


def round_order(
    count: int,
    batch_size: int,
    seed: int,
    epoch: int,
    first: int,
    batches: int,
    classes: np.ndarray | None = None,
) -> np.ndarray:
    """The order of an epoch of rounds of several batches: int32 [rounds, batches * batch_size].

    The first `first` batches of all rounds are all examples once, as `epoch_order` has them. The
    others are drawn from orders of their own, of which each has all examples once.

    Example:
        >>> round_order(5, 2, seed=0, epoch=0, first=2, batches=3).shape
        (2, 6)
    """
    own = epoch_order(count, batch_size, seed, epoch, classes).ravel()
    rounds = -(-len(own) // (first * batch_size))
    padded = np.full(rounds * first * batch_size, -1, np.int32)
    padded[: len(own)] = own
    wanted = rounds * (batches - first) * batch_size
    bits = np.random.Philox(np.random.SeedSequence([seed, epoch], spawn_key=(1,)))
    draw = np.random.Generator(bits)
    more = [draw.permutation(count) for _ in range(-(-wanted // count))]
    others = np.concatenate([np.empty(0, np.int32), *more])[:wanted].astype(np.int32)
    return np.concatenate([padded.reshape(rounds, -1), others.reshape(rounds, -1)], axis=1)


def bootstrap_sample(count: int, seed: int) -> np.ndarray:
    """As many examples as there are, drawn with replacement: int [count], in order.

    About 0.632 of all are among them. The same for the same seed.

    Example:
        >>> bootstrap_sample(6, seed=0).tolist()
        [0, 0, 0, 0, 2, 4]

    References: Efron, "Bootstrap methods: another look at the jackknife", 1979.
    """
    bits = np.random.Philox(np.random.SeedSequence(seed, spawn_key=(0,)))
    return np.sort(np.random.Generator(bits).integers(count, size=count))


def _balanced(classes: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """As many examples as there are, of every class equally many but for a remainder."""
    present = draw.permutation(np.unique(classes))
    quotas = np.full(len(present), len(classes) // len(present))
    quotas[: len(classes) % len(present)] += 1
    return np.concatenate(
        [
            _repeated(np.flatnonzero(classes == each), quota, draw)
            for each, quota in zip(present, quotas, strict=True)
        ]
    )


def _repeated(rows: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """`count` of the rows: each equally often but for a remainder, which is drawn."""
    times, rest = divmod(count, len(rows))
    return np.concatenate([np.tile(rows, times), draw.permutation(rows)[:rest]])


def plain_order(count: int, batch_size: int) -> np.ndarray:
    """All examples once, in the order of the split: int32 [steps, batch_size].

    Example:
        >>> plain_order(3, 2).tolist()
        [[0, 1], [2, -1]]
    """
    return _batched(np.arange(count), batch_size)


def take(arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> Arrays:
    """The batch of these rows: each field, and the boolean `mask` [batch] of present rows.

    Where sequences have lengths, those of absent rows are 0.
    """
    batch = {name: array if is_shared(name) else array[rows] for name, array in arrays.items()}
    batch["mask"] = rows >= 0
    for name in filter(are_lengths, arrays):
        batch[name] = np.where(rows >= 0, batch[name], 0)
    return batch


def _batched(order: np.ndarray, batch_size: int) -> np.ndarray:
    steps = -(-len(order) // batch_size)
    padded = np.full(steps * batch_size, -1, np.int32)
    padded[: len(order)] = order
    return padded.reshape(steps, batch_size)
