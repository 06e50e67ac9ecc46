"""A graph in an npz file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Int, Text
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import PART
from graphc.ops.sources.files import file_at
from graphc.ops.sources.graphs import GraphSource, fields_of_nodes, split_sizes
from graphc.ops.tables import npz_arrays, npz_names, npz_shapes

SPARSE = ("data", "indices", "indptr", "shape")
"""What the arrays of a sparse matrix by its rows are called behind its name and `_`."""
MASKS = {
    "train": ("train_mask", "train"),
    "validation": ("validation_mask", "val_mask", "validation", "val"),
    "test": ("test_mask", "test"),
}
"""The arrays that say which nodes count, by their split."""
_VALIDATION, _TEST = 0.1, 0.2


@dataclass(frozen=True, kw_only=True)
class GraphNpz(GraphSource):
    """A graph in an npz file: `features` [nodes, columns], and classes at each node.

    `edges` are int [2, edges], the numbers of the nodes that each joins, counted from 0. The target
    is one integer for each node, below 0 where it is not known: such a node has edges and features,
    and counts nowhere. Features are an array [nodes, columns], or sparse: arrays called
    `features_data`, `features_indices`, `features_indptr` and `features_shape`, as those of
    scipy's `csr_array`. `train_mask`, `validation_mask` (or `val_mask`) and `test_mask`, truth
    values for each node, say what counts where; without them nodes are drawn. `class_names` and
    `node_names` may name the classes and the nodes, and `directed` say that edges lead one way.
    """

    name = "graph_npz"

    path: str = primary(Text(), "the file, relative to the folder of the spec")
    # The base's class variable is an attribute here: the user's own name for the target.
    target: str = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "the array of what is predicted, a class for each node"
    )
    features: str = attribute(Text(), "the array of numbers to learn from", "features")
    edges: str = attribute(Text(), "the array of edges", "edges")
    directed: bool | None = attribute(
        Bool(),
        "whether an edge leads to its second node alone, and not back; default: what the file says",
        None,
    )
    normalize: str = attribute(
        Text(("none", "standard", "rows")),
        "`standard`: each feature has mean 0 and variance 1; `rows`: those of a node add up to 1",
        "none",
    )
    validation: float | int = attribute(
        PART, "of the nodes to learn from, what is held out: a fraction, or a count", _VALIDATION
    )
    test: float | int = attribute(
        PART, "of the nodes with a target, what is held out: a fraction, or a count", _TEST
    )
    split_seed: int = attribute(Int(0), "draws the splits; training has its own seed", 0)

    def lacks_validation(self) -> bool:
        return not self.validation

    def sizes(self, labelled: int, classes: int) -> dict[str, int]:
        """How many of the nodes with a target go where; raises ShapeError GC518."""
        return split_sizes(labelled, classes, self.validation, self.test)

    def fields(self, folder: str) -> Mapping[str, Type]:
        path = file_at(folder, self.path)
        names = npz_names(path)
        nodes, columns = self.size(path, names)
        kind = self._target(path, names, nodes)
        self._check_edges(path)
        self._check_masks(path, names, nodes)
        return fields_of_nodes(columns, self.target, kind)

    def shares(self, folder: str) -> Mapping[str, float]:
        path = file_at(folder, self.path)
        names = npz_names(path)
        if not self.sparse(names):
            return {}
        nodes, columns = self.size(path, names)
        name = f"{self.features}_{SPARSE[0]}"
        (count,) = npz_shapes(path, (name,))[name][0]
        return {"features": count / (nodes * columns)}

    def sparse(self, names: tuple[str, ...]) -> bool:
        """Whether the features are a sparse matrix, in an archive of these arrays."""
        return self.features not in names and f"{self.features}_{SPARSE[0]}" in names

    def size(self, path: str, names: tuple[str, ...]) -> tuple[int, int]:
        """How many nodes there are, and how many features of each; raises ShapeError GC516."""
        what = f"the array `{self.features}` of `{path}`"
        if self.sparse(names):
            parts = tuple(f"{self.features}_{each}" for each in SPARSE)
            found = npz_shapes(path, parts)
            shape = npz_arrays(path, parts[-1:])[parts[-1]]
            whole = all(found[each][1].startswith(("int", "uint")) for each in parts[1:])
            if shape.shape != (2,) or not whole or any(len(found[each][0]) != 1 for each in parts):
                message = f"{what} is no sparse matrix: {listing(parts)} do not belong together"
                raise ShapeError(message, "take those of scipy's `csr_array`", "GC516")
            size = tuple(map(int, shape))
        else:
            size = npz_shapes(path, (self.features,))[self.features][0]
        if len(size) != 2 or 0 in size:
            message = f"{what} has shape {list(size)}, and features are [nodes, columns]"
            raise ShapeError(message, "a column that is 1 leaves all to the edges", "GC516")
        return size

    def _check_edges(self, path: str) -> None:
        shape, dtype = npz_shapes(path, (self.edges,))[self.edges]
        what = f"the array `{self.edges}` of `{path}`"
        if not dtype.startswith(("int", "uint")):
            message = f"{what} holds {dtype}, and an edge is the numbers of two nodes"
            raise ShapeError(message, "save it as integers", "GC516", self.edges)
        if len(shape) != 2 or shape[0] != 2:
            message = f"{what} has shape {list(shape)}, and edges are [2, edges]"
            help = "save it transposed: `edges.T`" if shape[-1:] == (2,) else None
            raise ShapeError(message, help, "GC516", self.edges)

    def _check_masks(self, path: str, names: tuple[str, ...], nodes: int) -> None:
        masks = self.masks(names)
        if not masks:
            return
        if "train" not in masks:
            message = f"`{path}` has {listing(masks.values())}, but no `train_mask`"
            raise ShapeError(message, "say which nodes to learn from", "GC512")
        for name in ("validation", "test"):
            if getattr(self, name) != getattr(GraphNpz, name):
                message = f"`{name}` draws nodes, and the masks of `{path}` say what counts where"
                raise ShapeError(message, "leave it out", "GC518", name)
        for name, (shape, dtype) in npz_shapes(path, tuple(masks.values())).items():
            if shape != (nodes,) or dtype != "bool":
                message = f"the mask `{name}` of `{path}` holds {list(shape)} of {dtype}, not a"
                message += f" truth value for each of {nodes} nodes"
                raise ShapeError(message, code="GC516")

    def masks(self, names: tuple[str, ...]) -> dict[str, str]:
        """The mask of each split, in an archive of these arrays."""
        free = set(names) - {self.features, self.edges, self.target}
        found = (
            (split, [each for each in several if each in free]) for split, several in MASKS.items()
        )
        return {split: known[0] for split, known in found if known}

    def _target(self, path: str, names: tuple[str, ...], nodes: int) -> Type:
        shape, dtype = npz_shapes(path, (self.target,))[self.target]
        what = f"the array `{self.target}` of `{path}`"
        if shape != (nodes,):
            message = f"{what} has shape {list(shape)}, and there are {nodes} nodes in"
            raise ShapeError(f"{message} `{self.features}`", code="GC516", word=self.target)
        if not dtype.startswith(("int", "uint", "bool")):
            message = f"{what} holds {dtype}, and classes are integers, below 0 where not known"
            raise ShapeError(message, code="GC516", word=self.target)
        labels = npz_arrays(path, (self.target,))[self.target].astype("int64")
        known = labels[labels >= 0]
        if not len(known) or known.min() == known.max():
            alone = f"the class {known[0]} alone" if len(known) else "no class at all"
            message = f"{what} holds {alone}"
            raise ShapeError(message, "two classes make something to learn", "GC517", self.target)
        below = int(known.max()) + 1
        return Type((), "int", len(class_names(path, names, below) or range(below)))


def class_names(path: str, names: tuple[str, ...], below: int) -> tuple[str, ...] | None:
    """The names of the classes, if the archive has them; raises ShapeError GC516."""
    if "class_names" not in names:
        return None
    found = npz_arrays(path, ("class_names",))["class_names"]
    if found.ndim != 1 or found.dtype.kind != "U" or len(found) < below:
        message = f"`class_names` of `{path}` holds {list(found.shape)} of {found.dtype}, not a"
        raise ShapeError(f"{message} text for each of {below} classes", code="GC516")
    return tuple(found.tolist())


sources.add(GraphNpz)
