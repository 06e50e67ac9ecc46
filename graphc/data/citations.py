"""Sets of papers that cite one another, in the files that they were published in.

Each set is `ind.NAME.allx`, `.ally` (words and kinds of all papers but those of the test), `.tx`,
`.ty` (of these), `.test.index` (their numbers), `.y` (of those to learn from, the first of all),
`.x` (which the rows of `.allx` begin with) and `.graph` (which papers each one cites or is cited
by): Yang, Cohen and Salakhutdinov, 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphc.data.dataset import Dataset
from graphc.data.files import KNOWN, candidates, damaged, locate, published, read
from graphc.data.graphs import (
    BY_ROWS,
    KINDS_OF_CORA,
    NOT_SCALED,
    DataGraph,
    both_ways,
    load_cora,
    repeats,
)
from graphc.data.pickled import unpickled_array, unpickled_lists
from graphc.data.scaling import by_rows
from graphc.ops.sources import Citations, Cora

_VALIDATION = 500


def load_citations(source: Citations, folder: str) -> Dataset:
    """A set with its public splits; Cora out of one file of arrays where there is such a file.

    Raises:
        RunError: GC502 to GC505, and GC503 also where a file is not what it should be.
    """
    if isinstance(source, Cora):
        (file,) = KNOWN[source.folder]
        for place in candidates(source, folder):
            if (place / file.name).is_file():
                return load_cora(source, folder, place)
    return load_published(source, folder)


def load_published(source: Citations, folder: str) -> Dataset:
    """The set out of the files of its authors; raises as `load_citations`."""
    place = locate(source, folder)
    found: dict[str, Any] = {}
    for file in published(source):
        part = file.name.removeprefix(f"ind.{source.name}.")
        found[part] = _READ.get(part, unpickled_array)(read(place, file), str(place / file.name))
    try:
        graph = _graph(source, **{part.replace(".", "_"): each for part, each in found.items()})
    except (ValueError, IndexError) as error:
        name = str(place / f"ind.{source.name}.*")
        raise damaged(name, f"these files do not fit one another: {error}") from error
    return graph.dataset(source, folder)


def _graph(
    source: Citations,
    graph: dict[int, list[int]],
    test_index: np.ndarray,
    **arrays: np.ndarray,
) -> DataGraph:
    count = len(graph)
    pairs = np.array([(a, b) for a, several in graph.items() for b in several], np.int64)
    pairs = pairs.reshape(-1, 2).T
    features = _all(arrays["allx"], arrays["tx"], test_index, count, source.words)
    labels = _all(arrays["ally"], arrays["ty"], test_index, count, source.kinds)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < count:
        raise ValueError(f"`graph` names a paper that is none of {count}")
    if source.normalize == "rows":
        features = by_rows(features)
    order, learned = np.arange(count), len(arrays["y"])
    last = min(learned + _VALIDATION, len(arrays["ally"]))
    edges, left_out = both_ways(pairs)
    return DataGraph(
        features=features,
        target=labels.argmax(axis=1).astype(np.int32),
        edges=edges,
        counted={
            "train": order < learned,
            "validation": (order >= learned) & (order < last),
            "test": np.isin(order, test_index),
        },
        class_names=KINDS_OF_CORA if isinstance(source, Cora) else None,
        scaling=BY_ROWS if source.normalize == "rows" else NOT_SCALED,
        left_out=left_out | {"repeated": repeats(pairs)},
    )


def _index(data: bytes, name: str) -> np.ndarray:
    """The numbers of the papers of the test, in the order of their rows."""
    try:
        return np.array([int(line) for line in data.split()])
    except ValueError as error:
        raise damaged(name, str(error)) from error


_READ: Mapping[str, Callable[[bytes, str], Any]] = {
    "test.index": _index,
    "graph": unpickled_lists,
}


def _all(
    others: np.ndarray, tests: np.ndarray, index: np.ndarray, count: int, columns: int
) -> np.ndarray:
    """The rows of all papers; those that no file has are 0, as 15 of Citeseer are.

    Args:
        others: the rows of the first papers.
        tests: those of the papers of the test.
        index: which papers these are.
        count: how many papers there are.
        columns: how many numbers a row has.

    Raises:
        ValueError: where the sizes differ.
        IndexError: for a paper that is not there.
    """
    found = np.zeros((count, columns), np.float32)
    found[: len(others)] = others
    found[index] = tests
    return found
