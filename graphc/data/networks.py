"""Graphs of networkx as arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError, listing, similar
from graphc.data.dataset import SPLITS
from graphc.ops.sources.table import in_order

if TYPE_CHECKING:
    import networkx


def arrays_of(
    graph: networkx.Graph, features: Sequence[str] | None, target: str | None, split: str | None
) -> dict[str, np.ndarray]:
    """The arrays of a graph; see `graphc.from_networkx`."""
    nodes: dict[Hashable, Mapping[str, Any]] = dict(graph.nodes(data=True))
    if not nodes:
        raise _wrong("GC516", "the graph has no nodes")
    place = {node: number for number, node in enumerate(nodes)}
    pairs = [(place[a], place[b]) for a, b in graph.edges()]
    found = {
        "features": _features(nodes, features),
        "edges": np.array(pairs, np.int64).reshape(-1, 2).T,
        "directed": np.array(graph.is_directed()),
        "node_names": np.array([str(node) for node in nodes]),
    }
    if target is not None:
        found |= _target(nodes, target, taken=found)
    return found if split is None else found | _masks(nodes, split)


def _features(
    nodes: Mapping[Hashable, Mapping[str, Any]], names: Sequence[str] | None
) -> np.ndarray:
    if names is None:
        return np.eye(len(nodes), dtype=np.float32)
    names = [names] if isinstance(names, str) else names
    if not names:
        help = "name attributes, or leave it out for one-hot vectors"
        raise _wrong("GC516", "no attribute is named as a feature", help)
    return np.concatenate([_column(nodes, name) for name in names], axis=1)


def _column(nodes: Mapping[Hashable, Mapping[str, Any]], name: str) -> np.ndarray:
    """An attribute of all nodes: [nodes, n]."""
    rows = []
    for node, attributes in nodes.items():
        if attributes.get(name) is None:
            help = similar(name, attributes, "attribute") if attributes else None
            raise _wrong("GC513", f"the node {node!r} has no `{name}`", help)
        row = np.asarray(attributes[name])
        if row.dtype.kind not in "biuf" or row.ndim > 1:
            message = f"`{name}` of the node {node!r} is {attributes[name]!r}, which is no number"
            raise _wrong("GC513", message)
        row = np.atleast_1d(row).astype(np.float64)
        if rows and len(row) != len(rows[0]):
            message = f"`{name}` of the node {node!r} has {len(row)} numbers, and that of others"
            raise _wrong("GC516", f"{message} {len(rows[0])}")
        if not np.isfinite(row).all():
            raise _wrong("GC514", f"`{name}` of the node {node!r} holds {attributes[name]!r}")
        rows.append(row)
    return np.stack(rows)


def _target(
    nodes: Mapping[Hashable, Mapping[str, Any]], name: str, taken: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """The classes as integers, and what they are called."""
    if name in (*taken, "class_names") or name.endswith("_mask"):
        help = "rename the attribute"
        raise _wrong("GC516", f"a target cannot be called `{name}`, as other arrays are", help)
    values = [attributes.get(name) for attributes in nodes.values()]
    words = ["" if each is None else str(each) for each in values]
    names = in_order({word for word in words if word})
    if not names:
        raise _wrong("GC513", f"no node has `{name}`")
    number = {word: place for place, word in enumerate(names)}
    labels = [number.get(word, -1) for word in words]
    return {name: np.array(labels, np.int64), "class_names": np.array(names)}


def _masks(nodes: Mapping[Hashable, Mapping[str, Any]], name: str) -> dict[str, np.ndarray]:
    marks = [attributes.get(name) or "" for attributes in nodes.values()]
    for node, mark in zip(nodes, marks, strict=True):
        if mark and mark not in SPLITS:
            message = f"`{name}` of the node {node!r} is {mark!r}, which is no split"
            raise _wrong("GC515", message, f"the splits are {listing(SPLITS)}")
    masks = {f"{each}_mask": np.array([mark == each for mark in marks]) for each in SPLITS}
    return {name: mask for name, mask in masks.items() if mask.any()}


def _wrong(code: str, message: str, help: str | None = None) -> RunError:
    return RunError(Diagnostic(code, message, help=help))
