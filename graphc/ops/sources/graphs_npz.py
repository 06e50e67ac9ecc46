"""Several graphs of the user's in an npz file: all of their nodes and edges in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphc.core.attributes import Bool, Either, Int, Text, Texts
from graphc.core.by_path import ByName
from graphc.core.declaration import attribute
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.files import FileSource
from graphc.ops.sources.several_graphs import at_each_node, with_edges
from graphc.ops.tables import npz_arrays, npz_headers

Headers = Mapping[str, tuple[tuple[int, ...], str]]


@dataclass(frozen=True, kw_only=True)
class GraphsNpz(FileSource):
    """An npz file of graphs of different size, all of their nodes in a row and all of their edges.

    The array `graph` says for each node which graph it belongs to, counted from 0, and `edges`, [2,
    edges], which two nodes an edge joins, by their places among all nodes. Inputs and the target
    have a row for each node, and become [nodes, ...], or one for each graph.
    """

    name = "graphs_npz"

    inputs: tuple[str, ...] = attribute(
        Texts(),
        "the arrays to learn from, with a row for each node or for each graph",
        ("features",),
    )
    graph: str = attribute(Text(), "the array of the graph of each node", "graph")
    edges: str = attribute(Text(), "the array of the two nodes of each edge", "edges")
    below: tuple[tuple[str, int | str], ...] = attribute(
        ByName(Either((Int(1), Text(("data",))))),
        "for inputs of integers from 0, as `embed` wants them, the number that they are below;"
        " `data`: one more than the largest in the file",
        (),
    )
    directed: bool = attribute(
        Bool(), "whether an edge leads to its second node alone, and not back", False
    )

    def complaint(self) -> str | tuple[str, str] | None:
        several = (*self.inputs, self.target, self.graph, self.edges)
        twice = next((each for each in several if several.count(each) > 1), None)
        if twice is not None:
            return f"the array `{twice}` is named twice, and each has one purpose"
        return super().complaint() if self.inputs else "`inputs` is empty"

    @property
    def arrays(self) -> tuple[str, ...]:
        """The arrays that are read."""
        return (*self.inputs, self.target, self.graph, self.edges)

    @property
    def beside(self) -> dict[str, str]:
        """What `predict` calls the arrays of nodes and edges of a file."""
        return {self.graph: "graph", self.edges: "edges"}

    def fields(self, folder: str) -> Mapping[str, Type]:
        path = self.file(folder)
        headers = self.headers(path)
        nodes, graphs = self.counts(path)
        self.sizes(graphs, brought=self.further_files(folder))
        self._check_bounds(headers)
        kinds = {name: self._input(path, name, *headers[name]) for name in self.inputs}
        kinds[self.target] = self._target(path, headers)
        of_nodes = {name for name in kinds if self.is_of_nodes(path, headers, name, nodes, graphs)}
        fields = {n: at_each_node(kind) if n in of_nodes else kind for n, kind in kinds.items()}
        if not of_nodes - {self.target}:
            message = f"no input of `{path}` has a row for each of the {nodes} nodes"
            help = "nodes that hold nothing get an array of ones, [nodes, 1]"
            raise ShapeError(message, help, "GC516")
        return with_edges(fields)

    def headers(self, path: str) -> Headers:
        """The shapes and dtypes of the arrays of a file; raises ShapeError GC512 and GC516."""
        headers = {name: npz_headers(path, (name,))[name] for name in self.arrays}
        for name, wanted, axes in ((self.graph, "[nodes]", 1), (self.edges, "[2, edges]", 2)):
            shape, dtype = headers[name]
            fits = len(shape) == axes and (axes == 1 or shape[0] == 2)
            if not fits or not dtype.startswith(("int", "uint")):
                message = f"the array `{name}` of `{path}` is {wanted} of integers, not"
                help = "transpose it" if axes == len(shape) == shape[-1] == 2 else None
                raise ShapeError(f"{message} {list(shape)} of {dtype}", help, "GC516", name)
        return headers

    def counts(self, path: str) -> tuple[int, int]:
        """How many nodes and graphs a file has; raises ShapeError GC515 for a negative graph."""
        graph = npz_arrays(path, (self.graph,))[self.graph]
        if graph.min() < 0:
            message = f"the array `{self.graph}` of `{path}` holds the graph {graph.min()}"
            raise ShapeError(message, "count graphs from 0", "GC515", self.graph)
        return len(graph), int(graph.max()) + 1

    def is_of_nodes(self, path: str, headers: Headers, name: str, nodes: int, graphs: int) -> bool:
        """Whether an array has a row for each node; otherwise it has one for each graph.

        Where there are as many of both, inputs are of nodes and the target is of graphs.

        Raises:
            ShapeError: GC516 where it has neither.
        """
        rows = headers[name][0][0]
        if rows not in (nodes, graphs):
            message = f"the array `{name}` of `{path}` has {rows} rows, and there are {nodes} nodes"
            message += f" of {graphs} graphs"
            help = f"`{self.graph}` says which graph a node belongs to; a graph has one at least"
            raise ShapeError(message, help, "GC516", name)
        return rows == nodes and (name != self.target or rows != graphs)

    def _input(self, path: str, name: str, shape: tuple[int, ...], dtype: str) -> Type:
        if dtype == "bool":
            return Type(shape[1:], "bool")
        if not dtype.startswith(("int", "uint")):
            return Type(shape[1:])
        below = dict(self.below).get(name)
        if below == "data":
            below = int(npz_arrays(path, (name,))[name].max()) + 1
        return Type(shape[1:], "int", below)  # type: ignore[arg-type]

    def _check_bounds(self, headers: Headers) -> None:
        for name, _ in self.below:
            if name not in self.inputs:
                message = f"`below` names `{name}`, which is none of the inputs"
                raise ShapeError(message, similar(name, self.inputs, "input"), "GC512", name)
            if not headers[name][1].startswith(("int", "uint")):
                message = f"`below` is for integers, but `{name}` holds {headers[name][1]}"
                raise ShapeError(message, "leave it out there", "GC516", name)

    def _target(self, path: str, headers: Headers) -> Type:
        shape, dtype = headers[self.target]
        if self.kind == "number":
            return Type(shape[1:] or (1,))
        if dtype == "bool":
            return Type(shape[1:], "bool")
        if len(shape) != 1 or not dtype.startswith(("int", "uint")):
            message = "classes are one integer for each graph or node, but"
            message += f" `{self.target}` has shape {list(shape)} of {dtype}"
            help = "a target that is a quantity has `kind: number`"
            raise ShapeError(message, help, "GC516", self.target)
        labels: Any = npz_arrays(path, (self.target,))[self.target]
        low, high = int(labels.min()), int(labels.max())
        if low < 0:
            message = f"the array `{self.target}` of `{path}` holds the class {low}"
            raise ShapeError(message, "count classes from 0", "GC515", self.target)
        if low == high:
            message = f"every target of `{path}` is the class {low}"
            raise ShapeError(message, code="GC517", word=self.target)
        return Type((), "int", high + 1)


sources.add(GraphsNpz)
