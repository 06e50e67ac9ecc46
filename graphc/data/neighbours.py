"""One graph as its nodes, for steps that draw neighbours of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from graphc.core.types import NODES, RECEIVERS, SENDERS, SHARED, counted_over

SEEDS = "nodes:seeds"
"""The nodes that a split learns from, or is measured on: they take the place of examples."""


def by_node(arrays: Mapping[str, np.ndarray], fields: Iterable[str]) -> dict[str, np.ndarray]:
    """The arrays of a split that is one graph, an example for each node that counts in it.

    Beside the nodes stand, once for all: the senders of the edges to each node, one node after
    another; from where on they are those of a node, [nodes + 1]; and the fields, [nodes, ...].

    Args:
        arrays: [1, ...] by field, the edges in the order of their receivers.
        fields: those of nodes that are read.
    """
    counted, senders = arrays[counted_over(NODES.name)][0], arrays[SENDERS][0]
    degrees = np.bincount(arrays[RECEIVERS][0], minlength=len(counted))
    offsets = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int32)
    return {
        f"{SHARED}senders": senders if len(senders) else np.zeros(1, np.int32),
        f"{SHARED}offsets": offsets,
        **{f"{SHARED}nodes:{name}": arrays[name][0] for name in fields},
        SEEDS: np.flatnonzero(counted).astype(np.int32),
    }
