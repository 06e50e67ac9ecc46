"""Rows of different length in an array of places, and what does not fit into them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def cheapest(counts: np.ndarray, price: float, lengths: Sequence[int] | np.ndarray) -> int:
    """How many places each row has: as many as make the whole cheapest.

    Args:
        counts: how long rows are, [examples, rows]; of all examples as much is over as of that with
            the most.
        price: how many places cost as much as one that does not fit.
        lengths: which are possible.

    Example:
        >>> cheapest(np.array([[2, 2, 2, 9]]), 2, range(10))
        2
    """
    over = np.array([np.maximum(counts - each, 0).sum(axis=1).max(initial=0) for each in lengths])
    costs = np.multiply(over, price, out=np.zeros(len(over)), where=over > 0)
    return int(lengths[np.argmin(counts.shape[1] * np.asarray(lengths) + costs)])


def place_in_row(rows: np.ndarray, count: int) -> np.ndarray:
    """The place of each number in its row, of numbers in the order of their rows, int [numbers].

    Args:
        count: how many rows there are.

    Example:
        >>> place_in_row(np.array([0, 0, 2, 2, 2]), 3).tolist()
        [0, 1, 0, 1, 2]
    """
    lengths = np.bincount(rows, minlength=count)
    return np.arange(len(rows)) - (np.cumsum(lengths) - lengths)[rows]
