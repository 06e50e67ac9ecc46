"""The weight map: where each array of the spec is stored, and how to look at it there.

Weights are named, shaped and drawn by the nodes of the spec. Passes may store them otherwise
(stacked along a leading axis, merged); every such change is a chain of exact lenses, so that a
checkpoint, an optimiser setting or a diff can speak of the spec's arrays whatever the passes made
of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphc.core.operation import Operation, Weight
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.forms import Beside, Folded, Held
from graphc.graph.graph import RESERVED_OF_NETWORKS, Graph, identifiers
from graphc.graph.lenses import Columns, Index, Lens, joined, lens
from graphc.graph.node import Node
from graphc.graph.time import Scan


@dataclass(frozen=True)
class Entry:
    """One array of the spec.

    Args:
        path: its path in the spec, `highways/17/h/kernel`.
        weight: its shape and kind.
        stored: the path of the array that holds it, `highways/h/kernel`.
        view: the lenses that lead from there to it, outermost first.
        nodes: the nodes on the way, for places in the spec.
        norm: the path of the normalisation that it takes in, in a program for inference.
    """

    path: str
    weight: Weight
    stored: str
    view: tuple[Lens, ...]
    nodes: tuple[Node, ...] = ()
    norm: str | None = None

    @property
    def size(self) -> int:
        return self.weight.size


@dataclass(frozen=True)
class WeightMap:
    """Every array of a program, by the spec's path."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, graphs: Mapping[str, Graph]) -> WeightMap:
        """The map of several networks; a single one named "" has no prefix."""
        found: list[Entry] = []
        words = identifiers(graphs, RESERVED_OF_NETWORKS)
        for name, graph in graphs.items():
            path, stored = (f"{name}/", f"{words[name]}/") if name else ("", "")
            found += _of_graph(graph, path, stored, (), ())
        return cls(tuple(found))

    @property
    def parameters(self) -> int:
        """How many numbers are trained, those of opaque modules aside."""
        return sum(each.size for each in self.entries if each.weight.trainable)

    def split(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The spec's arrays out of the stored ones."""
        arrays = {}
        for each in self.entries:
            if each.stored in stored:
                array = stored[each.stored]
                for part in each.view:
                    array = part.get(array)
                arrays[each.path] = array
        return arrays

    def join(self, arrays: Mapping[str, Any], library: Any) -> dict[str, Any]:
        """The stored arrays out of the spec's, by numpy or jax.numpy."""
        groups: dict[str, list[Entry]] = {}
        for each in self.entries:
            if each.path in arrays:
                groups.setdefault(each.stored, []).append(each)
        return {
            stored: joined([(each.view, arrays[each.path]) for each in entries], library)
            for stored, entries in groups.items()
        }

    def completed(self, arrays: Mapping[str, Weight]) -> WeightMap:
        """The map with what opaque modules hold, out of all arrays by their stored paths."""
        entries: list[Entry] = []
        for each in self.entries:
            if each.weight.shape is not None:
                entries.append(each)
                continue
            path, stored = each.path.removesuffix("*"), each.stored.removesuffix("*")
            for name, weight in arrays.items():
                if name.startswith(stored):
                    own = path + name.removeprefix(stored)
                    entries.append(Entry(own, weight, name, each.view, each.nodes))
        return WeightMap(tuple(entries))

    def as_list(self) -> list[dict]:
        """The form that a run keeps."""
        return [
            {
                "path": each.path,
                "shape": list(each.weight.shape or ()),
                "trainable": each.weight.trainable,
                "stored": each.stored,
                "view": [part.as_list() for part in each.view],
            }
            for each in self.entries
        ]

    @classmethod
    def from_list(cls, rows: Iterable[Mapping]) -> WeightMap:
        """The inverse of `as_list`."""
        return cls(
            tuple(
                Entry(
                    row["path"],
                    Weight(tuple(row["shape"]), row["trainable"]),
                    row["stored"],
                    tuple(map(lens, row["view"])),
                )
                for row in rows
            )
        )


def _of_graph(
    graph: Graph, path: str, stored: str, view: tuple[Lens, ...], nodes: tuple[Node, ...]
) -> Iterator[Entry]:
    for node in graph.nodes:
        inner = f"{stored}{graph.identifiers[node.name]}"
        types = graph.input_types(node)
        below = (*nodes, node)
        yield from _of_operation(node.operation, types, path, node.name, inner, view, below)


def _of_operation(
    operation: Operation,
    types: tuple[Type, ...],
    path: str,
    name: str,
    stored: str,
    view: tuple[Lens, ...],
    nodes: tuple[Node, ...],
) -> Iterator[Entry]:
    """The arrays of one operation: `path` leads to its graph, `name` from there to it."""
    here = f"{path}{name}"
    if isinstance(operation, NetworkCall):
        return  # they belong to the network
    if isinstance(operation, Held):
        yield from _of_operation(operation.layer, operation.types, path, name, stored, view, nodes)
    elif isinstance(operation, Scan):
        yield from _of_graph(operation.graph, path, f"{stored}/", view, nodes)
    elif isinstance(operation, Call):
        yield from _of_graph(operation.graph, f"{here}/", f"{stored}/", view, nodes)
    elif isinstance(operation, Repeat):
        for i, copy in enumerate(operation.copies):
            inner = f"{stored}/{i}"
            yield from _of_operation(copy, types, f"{here}/", str(i), inner, view, nodes)
            types = (copy.infer(*types), *types[1:])  # type: ignore[assignment]
    elif isinstance(operation, Stack):
        for i, layer in enumerate(operation.paths):
            deeper = (*view, Index(i))
            yield from _of_operation(operation.layer, types, path, layer, stored, deeper, nodes)
    elif isinstance(operation, Beside):
        places = operation.places(*types)
        for inner, layer, place in zip(operation.layers, operation.paths, places, strict=True):
            deeper = (*view, Columns(place.start, place.stop))
            yield from _of_operation(inner, types, path, layer, stored, deeper, nodes)
    else:
        norm = f"{path}{operation.path}" if isinstance(operation, Folded) else None
        for word, weight in operation.weights(*types).items():
            place = word if weight.stored is None else weight.stored
            paths = _below(here, word), _below(stored, place)
            yield Entry(paths[0], weight, paths[1], view, nodes, norm)


def _below(path: str, word: str) -> str:
    return f"{path}/{word}" if word else path
