"""Graphs that a trained network is given: their nodes and edges brought into a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphc.core.diagnostic import RunError
from graphc.core.operation import ShapeError
from graphc.core.types import NODES, lengths_over, nodes_axis
from graphc.data.dataset import Form
from graphc.data.several_graphs import in_a_row, with_edges
from graphc.runtime.errors import fail


def graphs_apart(inputs: Mapping[str, Any], form: Form) -> Mapping[str, Any]:
    """Graphs that are given in a row, with the `graph` of each node, as padded arrays and edges.

    Inputs that are given otherwise stay as they are.

    Raises:
        RunError: GC614.
    """
    if lengths_over(NODES.name) not in form.fields or "graph" not in inputs:
        return inputs
    graph, pairs = (np.asarray(inputs.get(name, ())) for name in ("graph", "edges"))
    integers = all(each.dtype.kind in "iu" for each in (graph, pairs))
    if graph.ndim != 1 or not integers or pairs.ndim != 2 or len(pairs) != 2 or (graph < 0).any():
        message = "graphs in a row are integers `graph` [nodes], counted from 0, and `edges`"
        raise fail("GC614", f"{message} [2, edges]", None)
    try:
        order, whole, _ = in_a_row("the examples", graph, pairs, form.directed)
    except ShapeError as error:
        raise fail("GC614", error.message, error.help) from None
    arrays = {name: np.asarray(inputs[name]) for name in form.inputs if name in inputs}
    for name, array in arrays.items():
        if nodes_axis(form.inputs[name]) is None:
            continue
        if array.ndim == 0 or len(array) != len(graph):
            message = f"`{name}` has shape {list(array.shape)}, and there are {len(graph)} nodes"
            raise fail("GC614", message, "it has a row for each node")
        arrays[name] = whole.of_nodes(array[order])
    return with_edges({"": (whole, arrays)})[""]


def pairs_given(given: Any, sizes: np.ndarray) -> list[np.ndarray]:
    """The pairs of nodes that the edges of each graph join: int [2, any].

    Args:
        given: [2, any] for each graph, or one of them for all.
        sizes: how many nodes each graph has.

    Raises:
        RunError: GC614.
    """
    count = len(sizes)
    try:
        several = [np.asarray(each) for each in given]
        if [each.ndim for each in several] == [1, 1]:
            several = [np.stack(several)] * count
    except (TypeError, ValueError):
        raise _no_pairs(count, "lists of different length") from None
    if len(several) != count:
        raise _no_pairs(count, f"those of {len(several)} graphs")
    for place, (pairs, nodes) in enumerate(zip(several, sizes, strict=True)):
        whole = pairs.dtype.kind in "iu" or not pairs.size
        if pairs.ndim != 2 or len(pairs) != 2 or not whole:
            raise _no_pairs(count, f"{list(pairs.shape)} of {pairs.dtype}")
        wrong = pairs[(pairs < 0) | (pairs >= nodes)]
        if wrong.size:
            where = f" of example {place + 1}" if count > 1 else ""
            message = f"`edges`{where} names the node {wrong[0]}, and there are {nodes}, counted"
            raise fail("GC614", f"{message} from 0", None)
    return [pairs.astype(np.int64) for pairs in several]


def _no_pairs(count: int, found: str) -> RunError:
    return fail("GC614", f"`edges` is [{count}, 2, edges] of integers, not {found}", None)
