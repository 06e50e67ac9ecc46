"""A graph in an npz file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.data.dataset import SPLITS, Dataset, Scaling
from graphc.data.graphs import BY_ROWS, NOT_SCALED, DataGraph, both_ways, one_way, repeats
from graphc.data.pickled import dense
from graphc.data.splits import split_indices
from graphc.ops.sources import GraphNpz, GraphSource
from graphc.ops.sources.files import file_at
from graphc.ops.sources.graph_npz import SPARSE, class_names
from graphc.ops.tables import npz_arrays, npz_names


def load_graph_npz(source: GraphNpz, folder: str) -> Dataset:
    """The graph of an npz file.

    Raises:
        ShapeError: GC511 to GC518, naming the file, the array and the node.
        RunError: GC517 and GC518 for splits.
    """
    fields = source.fields(folder)
    path = file_at(folder, source.path)
    names = npz_names(path)
    target = npz_arrays(path, (source.target,))[source.target].astype(np.int64)
    target = np.maximum(target, -1)
    below = fields[source.target].below or 0
    classes = class_names(path, names, below)
    pairs = _pairs(source, path, len(target))
    directed = _directed(source, path, names)
    edges, left_out = one_way(pairs) if directed else both_ways(pairs)
    features = _features(source, path, names)
    scaling = scaling_of(features, source.normalize)
    return DataGraph(
        features=scaled(features, scaling),
        target=np.maximum(target, 0).astype(np.int32),
        edges=edges,
        counted=_counted(source, path, names, target, classes),
        class_names=classes,
        left_out=left_out if directed else left_out | {"repeated": repeats(pairs)},
        directed=directed,
        scaling=scaling,
        names=_node_names(path, names, len(target)),
    ).dataset(source, folder)


def _node_names(path: str, names: tuple[str, ...], nodes: int) -> tuple[str, ...] | None:
    if "node_names" not in names:
        return None
    found = npz_arrays(path, ("node_names",))["node_names"]
    if found.shape != (nodes,) or found.dtype.kind != "U":
        message = f"`node_names` of `{path}` holds {list(found.shape)} of {found.dtype}, not a text"
        raise ShapeError(f"{message} for each of {nodes} nodes", code="GC516")
    return tuple(found.tolist())


def _features(source: GraphNpz, path: str, names: tuple[str, ...]) -> np.ndarray:
    what = f"the array `{source.features}` of `{path}`"
    if source.sparse(names):
        parts = tuple(f"{source.features}_{each}" for each in SPARSE)
        *arrays, shape = npz_arrays(path, parts).values()
        try:
            features = dense(*arrays, shape=tuple(shape.tolist()))
        except ValueError as error:
            raise ShapeError(f"{what} is no sparse matrix: {error}", code="GC516") from error
    else:
        features = npz_arrays(path, (source.features,))[source.features]
    require_finite_nodes(what, features)
    return features.astype(np.float64)


def require_finite_nodes(what: str, features: np.ndarray) -> None:
    """Raise ShapeError GC514 for the first number that is not finite, naming its node."""
    with np.errstate(over="ignore"):
        bad = ~np.isfinite(features.astype(np.float32))
    if bad.any():
        node, column = np.argwhere(bad)[0]
        message = f"{what} holds {features[node, column]} at node {node}, column {column}"
        raise ShapeError(message, "both are counted from 0; repair the number", "GC514")


def scaling_of(features: np.ndarray, how: str) -> Scaling:
    """How features [nodes, n] are prepared, as the `normalize` of a source says."""
    if how == "standard":
        return Scaling.fit({"features": features}, ["features"])
    return BY_ROWS if how == "rows" else NOT_SCALED


def npz_to_predict(source: GraphSource, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What `predict` takes of the arrays of a graph; raises ValueError for sparse ones that differ.

    Args:
        source: what was learned from; others than `graph_npz` have the names that it has.
        arrays: as `graph_npz` reads them; targets and masks are passed over.
    """
    own = isinstance(source, GraphNpz)
    name, edges = (source.features, source.edges) if own else ("features", "edges")
    found = {"features": arrays.get(name), "edges": arrays.get(edges)}
    if name not in arrays and f"{name}_{SPARSE[0]}" in arrays:
        parts = [f"{name}_{each}" for each in SPARSE]
        if lacking := [each for each in parts if each not in arrays]:
            raise ValueError(f"it lacks {listing(lacking)}")
        *several, shape = (arrays[each] for each in parts)
        found["features"] = dense(*several, shape=tuple(shape.tolist()))
    found["directed"] = arrays.get("directed")
    return {name: each for name, each in found.items() if each is not None}


def scaled(features: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Features as they were measured, as a network sees them."""
    return scaling.apply({"features": features})["features"].astype(np.float32)


def _pairs(source: GraphNpz, path: str, nodes: int) -> np.ndarray:
    pairs = npz_arrays(path, (source.edges,))[source.edges]
    wrong = (pairs < 0) | (pairs >= nodes)
    if wrong.any():
        place = int(np.flatnonzero(wrong.any(axis=0))[0])
        node = pairs[:, place][wrong[:, place]][0]
        message = f"edge {place} of `{source.edges}` of `{path}` names the node {node}, and there"
        message += f" are {nodes}"
        raise ShapeError(message, "nodes and edges are counted from 0", "GC515", source.edges)
    return pairs.astype(np.int64)


def _directed(source: GraphNpz, path: str, names: tuple[str, ...]) -> bool:
    """What the spec says, or else the file."""
    if source.directed is not None or "directed" not in names:
        return bool(source.directed)
    return bool(npz_arrays(path, ("directed",))["directed"].any())


def _counted(
    source: GraphNpz,
    path: str,
    names: tuple[str, ...],
    target: np.ndarray,
    classes: tuple[str, ...] | None,
) -> dict[str, np.ndarray]:
    """The nodes that count in each split."""
    if masks := source.masks(names):
        arrays = npz_arrays(path, tuple(masks.values()))
        _check_masks(path, arrays, target)
        return {split: arrays[masks[split]] for split in SPLITS if split in masks}
    (known,) = np.nonzero(target >= 0)
    labels = target[known]
    sizes = source.sizes(len(known), len(np.unique(labels)))
    found = split_indices(len(known), sizes, labels, source.split_seed, classes)
    return {split: np.isin(np.arange(len(target)), known[rows]) for split, rows in found.items()}


def _check_masks(path: str, masks: Mapping[str, np.ndarray], target: np.ndarray) -> None:
    """Raise ShapeError for masks that hold no node, share one, or hold one without a target."""
    for name, mask in masks.items():
        if not mask.any():
            help = "leave a mask without nodes out of the file"
            raise ShapeError(f"the mask `{name}` of `{path}` holds no node", help, "GC518")
        if (mask & (target < 0)).any():
            node = int((mask & (target < 0)).argmax())
            message = f"node {node} is in the mask `{name}` of `{path}`, and has no target"
            raise ShapeError(message, "give it a class, or take it out of the mask", "GC513")
    shared = np.sum(list(masks.values()), axis=0) > 1
    if shared.any():
        node = int(shared.argmax())
        which = listing([name for name, mask in masks.items() if mask[node]])
        message = f"node {node} is in {which} of `{path}`, {int(shared.sum()):,} nodes in all"
        raise ShapeError(message, "what is learned from is no test of it", "GC515")
