"""Pairs of nodes that a trained run is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphc.core.types import ENDS, NODES, RECEIVERS, SENDERS, nodes_axis
from graphc.data.dataset import Dataset, Form
from graphc.runtime.errors import fail


def on_own_graph(inputs: Any, form: Form, dataset: Callable[[], Dataset]) -> Any:
    """The same inputs; with the graph that a run learnt from, where they are `pairs` alone."""
    if ENDS not in form.fields or not isinstance(inputs, Mapping) or set(inputs) != {"pairs"}:
        return inputs
    arrays = dataset().splits["train"]
    edges = np.stack([arrays[SENDERS], arrays[RECEIVERS]], axis=1)
    return {**{name: arrays[name] for name in form.inputs}, "edges": edges, **inputs}


def asked(given: Any, arrays: Mapping[str, np.ndarray], form: Form) -> dict[str, np.ndarray]:
    """The pairs that are to be scored, [examples, pairs, 2], or [pairs, 2] for a single graph.

    Raises:
        RunError: GC614 where they are missing, or are no pairs of two nodes.
    """
    if given is None:
        help = "`pairs` holds the numbers of two nodes for each score, [pairs, 2]"
        raise fail("GC614", "the pairs of nodes to score are missing", help)
    name, kind = next((name, kind) for name, kind in form.inputs.items() if nodes_axis(kind))
    count, nodes = len(arrays[name]), arrays[name].shape[kind.domain.index(NODES)]
    pairs = np.asarray(given)
    pairs = pairs[None] if pairs.ndim == 2 and count == 1 else pairs
    if pairs.ndim != 3 or pairs.shape[::2] != (count, 2) or pairs.dtype.kind not in "iu":
        found = f"{list(pairs.shape)} of {pairs.dtype}"
        raise fail("GC614", f"`pairs` is [{count}, pairs, 2] of integers, not {found}", None)
    wrong = pairs[(pairs < 0) | (pairs >= nodes)]
    if wrong.size:
        message = f"`pairs` names the node {wrong[0]}, and there are {nodes}, counted from 0"
        raise fail("GC614", message, None)
    alone = pairs[pairs[..., 0] == pairs[..., 1]]
    if alone.size:
        message = f"`pairs` holds the node {alone[0, 0]} with itself"
        raise fail("GC614", message, "a score is that of two different nodes")
    return {ENDS: pairs.astype(np.int32)}
