"""Means over a split, and outputs for arrays: one compiled program each, over padded batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from graphc.core.types import is_shared
from graphc.data.batches import plain_order, take
from graphc.data.graphs import belongs_to_graph
from graphc.data.neighbours import by_node
from graphc.ops.sources.graphs import COUNTED
from graphc.runtime.feed import is_streamed, prefetched
from graphc.runtime.state import State
from graphc.runtime.steps import Program, Programs


class Batches:
    """The examples in their order as batches on the device, the last one padded and masked.

    Each time it is gone through they are made anew, of what is streamed ahead of time.

    Args:
        arrays: [examples, ...] by field.
        batch_size: examples of a batch.
    """

    def __init__(self, arrays: Mapping[str, Any], batch_size: int) -> None:
        shared = jax.device_put({name: each for name, each in arrays.items() if is_shared(name)})
        self._arrays = {**arrays, **shared}
        several = (array for name, array in arrays.items() if not is_shared(name))
        self._order = plain_order(len(next(several, ())), batch_size)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        makers = (partial(self._batch, rows) for rows in self._order)
        return prefetched(makers) if is_streamed(self._arrays) else (make() for make in makers)

    def _batch(self, rows: np.ndarray) -> dict[str, Any]:
        return jax.device_put(take(self._arrays, rows))


def evaluated(state: State) -> dict[str, Any]:
    """The part of a state that evaluation reads: of weights their moving average, if there is."""
    weights = "average" if "average" in state else "params"
    return {name: state[name] for name in (weights, "statistics")}


def evaluate_batches(programs: Programs, state: State, several: Iterable[Any]) -> dict[str, Any]:
    """The loss and each metric over all the batches, in evaluation mode."""
    weights = evaluated(state)
    return programs.means(*[programs.evaluate(weights, batch) for batch in several])


def predict_batches(
    predict: Program, params: Any, statistics: Any, arrays: Mapping[str, Any], batch_size: int
) -> Any:
    """The outputs for arrays [examples, ...] by field, in evaluation mode.

    Args:
        predict: `Programs.predict`, or the same of a module for inference.

    Returns:
        An array [examples, ...] in numpy, or a tuple of them where the network has several outputs.
    """
    count = len(next(iter(arrays.values())))
    if count and predict.nodes is not None:
        return _predict_nodes(predict, params, statistics, arrays)
    if count == 0:
        (several,) = [
            jax.tree.map(lambda each: np.zeros((0, *each.shape[1:]), each.dtype), shapes)
            for shapes in [_output_shapes(predict, params, statistics, arrays)]
        ]
        return several
    found = [
        jax.device_get(predict(params, statistics, batch)) for batch in Batches(arrays, batch_size)
    ]
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *found)


def _predict_nodes(
    predict: Program, params: Any, statistics: Any, arrays: Mapping[str, Any]
) -> Any:
    """The outputs for graphs, each some nodes at a time, for which neighbours are drawn."""
    fields = [name for name in arrays if not belongs_to_graph(name)]
    examples = []
    for number in range(len(arrays[fields[0]])):
        graph = {name: array[number : number + 1] for name, array in arrays.items()}
        every = np.ones(graph[fields[0]].shape[:2], bool)
        batches = Batches(by_node({**graph, COUNTED: every}, fields), predict.nodes or 1)
        found = [jax.device_get(predict(params, statistics, batch)) for batch in batches]
        examples.append(jax.tree.map(partial(_joined, count=every.size), *found))
    return jax.tree.map(lambda *parts: np.concatenate(parts), *examples)


def _joined(*parts: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate(parts, axis=1)[:, :count]


def _output_shapes(predict: Program, params: Any, statistics: Any, arrays: Mapping) -> Any:
    one = {
        name: jax.ShapeDtypeStruct((1, *array.shape[1:]), array.dtype)
        for name, array in arrays.items()
    }
    return jax.eval_shape(predict.function, params, statistics, one)
