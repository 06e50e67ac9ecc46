"""What the training program is given for a dispatch: the whole split, or the rows of its steps.

A split that is streamed never lies on the device as a whole. The rows of the next steps are
gathered on the host while the steps before are run, and given as a small split of their own, in
whose order they already are: the same program trains on either, and comes to the same bits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import jax
import numpy as np

from graphc.core.types import is_shared
from graphc.data.rows import Rows

T = TypeVar("T")
Part = tuple[Mapping[str, Any], Any, np.int32]
"""Arrays of a split, the order of its rows, and the step in it that a dispatch starts at."""

_AHEAD = 2
_MOST = 1 << 24  # bytes


def is_streamed(arrays: Mapping[str, Any]) -> bool:
    """Whether rows of it are made when they are asked for."""
    return any(isinstance(each, Rows) for each in arrays.values())


def parts(
    data: Mapping[str, Any], rows: np.ndarray, lengths: Sequence[tuple[int, int]], most: int
) -> Generator[Part]:
    """What each dispatch of an epoch is given.

    Args:
        data: the split: on the device, or streamed.
        rows: the order of the epoch, int32 [steps, batch].
        lengths: for each dispatch, the step it starts at, and how many it runs.
        most: the most steps of a dispatch.
    """
    if is_streamed(data):
        yield from prefetched(
            partial(_gathered, data, rows[start : start + count], most) for start, count in lengths
        )
        return
    # What is used once is handed over as it is: `device_put` takes 0.2 ms, a small epoch 1 ms.
    order = rows if len(rows) <= most else jax.device_put(rows)
    for start, _ in lengths:
        yield data, order, np.int32(start)


def first_part(data: Mapping[str, Any], rows: np.ndarray, most: int) -> Part:
    """The first of `parts` before it is there: of rows that are gathered it has the shapes."""
    if not is_streamed(data):
        return data, rows, np.int32(0)
    shape = most, rows.shape[1]
    arrays = {
        name: array
        if is_shared(name)
        else jax.ShapeDtypeStruct((most * shape[1], *array.shape[1:]), array.dtype)
        for name, array in data.items()
    }
    return arrays, np.zeros(shape, np.int32), np.int32(0)


def most_steps(data: Mapping[str, Any], batch_size: int, steps_per_dispatch: int) -> int:
    """The steps that may be run in one dispatch: of what is streamed, as many as are gathered."""
    if not is_streamed(data):
        return steps_per_dispatch
    step = batch_size * sum(each[:1].nbytes for each in data.values())
    return max(1, min(steps_per_dispatch, _MOST // max(1, step)))


def _gathered(data: Mapping[str, Any], rows: np.ndarray, most: int) -> Part:
    """The rows of a few steps, end to end, and where they are there.

    A row that is absent is the last one of the split, as it is where the whole split is given, and
    so are those that fill it up to `most` steps.
    """
    padded = np.full((most, rows.shape[1]), -1, np.int32)
    padded[: len(rows)] = rows
    places = np.arange(padded.size, dtype=np.int32).reshape(padded.shape)
    order = np.where(padded >= 0, places, np.int32(-1))
    rows = padded.ravel()
    arrays = {name: array if is_shared(name) else array[rows] for name, array in data.items()}
    return jax.device_put(arrays), order, np.int32(0)


def prefetched(makers: Iterable[Callable[[], T]]) -> Generator[T]:
    """What each of them makes, made by a thread ahead of time, in their order."""
    pool, waiting = ThreadPoolExecutor(1), deque[Future[T]]()
    try:
        for make in makers:
            waiting.append(pool.submit(make))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
