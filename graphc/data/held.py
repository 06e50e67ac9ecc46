"""How the arrays of a split are handed to the programs: in the forms that are fastest there.

- Of a sparse field the numbers that are not 0, and their columns (`sparse_forms`).
- Edges that all examples share, once.
- Beside edges a table or a matrix of them, where that is faster (`edge_forms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from graphc.core.forms import FORMS
from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.edge_forms import are_shared, edges_of_each, shared_edges
from graphc.data.rows import Rows
from graphc.data.sparse_forms import by_column


def held(
    splits: Mapping[str, Mapping[str, Any]],
    sparse: Iterable[str],
    nodes: int | None,
    device: str = "cpu",
) -> dict[str, dict[str, Any]]:
    """The arrays of all splits as programs take them.

    Args:
        splits: for each split arrays [examples, ...] by field.
        sparse: fields that the program reads as `Sparse`.
        nodes: how many nodes a graph has, those counted that pad it; None without edges.
        device: that of the programs, cpu, gpu or tpu.
    """
    prices = FORMS[device].prices
    known: dict[tuple[int, ...], dict[str, np.ndarray]] = {}

    def once(function: Callable, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """What the function makes of arrays, which splits may have in common."""
        key = tuple(each.__array_interface__["data"][0] for each in arrays)
        if key not in known:
            known[key] = function(*arrays)
        return known[key]

    found = {split: dict(arrays) for split, arrays in splits.items()}
    for arrays in found.values():
        for name in sparse:
            arrays |= once(partial(by_column, name, price=prices.over), arrays.pop(name))
        if nodes is None or isinstance(arrays[SENDERS], Rows):
            continue
        ends = arrays[SENDERS], arrays[RECEIVERS]
        if are_shared(*ends, nodes):
            arrays |= once(partial(_shared, nodes=nodes, prices=prices), *ends)
            del arrays[SENDERS], arrays[RECEIVERS]
        else:
            arrays |= edges_of_each(*ends, nodes, prices)
    return found


def _shared(senders: np.ndarray, receivers: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
    """`shared_edges` of what all examples have."""
    return shared_edges(senders[0], receivers[0], **options)
