"""Several graphs of the user's in an npz file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphc.core.operation import ShapeError
from graphc.core.types import Type, nodes_axis
from graphc.data.examples import Examples
from graphc.data.scaling import Arrays
from graphc.data.several_graphs import InARow, in_a_row, with_edges
from graphc.ops.sources import GraphsNpz
from graphc.ops.sources.graphs_npz import Headers
from graphc.ops.tables import npz_arrays


def load_graphs_npz(source: GraphsNpz, folder: str) -> Examples:
    """An npz file of graphs; raises ShapeError GC511 to GC518, naming the file and the array."""
    fields, path = source.fields(folder), source.file(folder)
    files = {"training": path, **source.further_files(folder)}
    headers = source.headers(path)
    for each in files.values():
        _require_alike(source, each, headers)
    parts, left_out = {}, {"repeated": 0, "loops": 0}
    for part, each in files.items():
        *parts[part], gone = _part(source, each, fields)
        left_out = {why: count + gone[why] for why, count in left_out.items()}
    arrays = with_edges(parts)
    return Examples(
        fields,
        arrays["training"],
        arrays.get("test"),
        validation=arrays.get("validation"),
        files=files,
        directed=source.directed,
        left_out=left_out,
    )


def _require_alike(source: GraphsNpz, path: str, wanted: Headers) -> None:
    """Raise ShapeError GC516 where a further file has other arrays than that of the training."""
    found = source.headers(path)
    for name in (*source.inputs, source.target):
        (shape, dtype), (other, kind) = found[name], wanted[name]
        if shape[1:] != other[1:] or np.dtype(dtype).kind != np.dtype(kind).kind:
            message = f"the array `{name}` of `{path}` holds {list(shape[1:])} of {dtype}, but for"
            raise ShapeError(f"{message} training {list(other[1:])} of {kind}", None, "GC516", name)


def _part(
    source: GraphsNpz, path: str, fields: Mapping[str, Type]
) -> tuple[InARow, Arrays, dict[str, int]]:
    """The graphs of a file, what they hold, and how many edges were left out."""
    nodes, graphs = source.counts(path)
    found = npz_arrays(path, source.arrays)
    ends = found[source.graph], found[source.edges]
    order, whole, left_out = in_a_row(f"`{path}`", *ends, source.directed)
    arrays = {}
    for name in (*source.inputs, source.target):
        array, of_nodes = found[name], nodes_axis(fields[name]) is not None
        if len(array) != (wanted := nodes if of_nodes else graphs):
            message = f"the array `{name}` of `{path}` has {len(array)} rows, and it has {wanted}"
            message += f" {'nodes' if of_nodes else 'graphs'}, for each of which there is one"
            raise ShapeError(message, "it is as in the training", "GC516", name)
        if name == source.target and source.kind == "number":
            array = array.astype(np.float64).reshape(len(array), *(array.shape[1:] or (1,)))
        arrays[name] = whole.of_nodes(array[order]) if of_nodes else array
    return whole, arrays, left_out
