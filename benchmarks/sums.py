"""What neighbours hold, added up edge by edge, by tables, by matrices and by `BCOO`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO

from benchmarks.citations import CITATIONS, arrays, edges_made_up
from benchmarks.forms import Compared, programs_of, ratios_of, wrong
from benchmarks.machine import here
from graphc.data.edge_forms import (
    edges_of_each,
    matrices,
    shared_edges,
    table,
    table_length,
)
from graphc.data.load import load
from graphc.emit.library.graphs import Edges, sum_by_matrix, sum_of_neighbours
from graphc.ops.sources import Karate, RandomGraphs

WIDTHS = (16, 64)
GRAPHS = 32
_MOST_NODES = 3_000
_PER_DISPATCH = 3e6
"""How many numbers come along edges in a dispatch: what is small is done several times in one."""
_MOST_TIMES = 50


@dataclass(frozen=True)
class Graph:
    """Edges [1, edges] of one graph for all examples, or [examples, edges]."""

    nodes: int
    senders: np.ndarray
    receivers: np.ndarray

    @property
    def edges(self) -> Edges:
        return Edges(jnp.asarray(self.senders), jnp.asarray(self.receivers))

    @property
    def chosen(self) -> str:
        """The form that the compiler chooses."""
        prices = here().prices
        if len(self.senders) > 1:
            found = edges_of_each(self.senders, self.receivers, self.nodes, prices)
            return "matrix" if found else "edges"
        found = shared_edges(self.senders[0], self.receivers[0], self.nodes, prices)
        if "graph:matrix" in found:
            return "matrix"
        return "table" if len(found["graph:into:first"]) else "edges"


def sums(most: int | None, rounds: int) -> Compared:
    """The time edge by edge over that of other forms, of several graphs."""
    found = Compared("edge by edge : by")
    for title, graph in list(_GRAPHS.items())[:most]:
        made = graph()
        for width in WIDTHS[:most]:
            shape = (len(made.senders), made.nodes, width)
            x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            times = int(np.clip(_PER_DISPATCH / made.senders.size / width, 1, _MOST_TIMES))
            programs = {word: programs_of(form, x, times) for word, form in _forms(made).items()}
            ratios = ratios_of(programs, "edges", rounds)
            cells = {
                f"{word}, {way}": ratios.get(word, {}).get(way, "-")
                for word in ("table", "matrix", "BCOO")
                for way in ("forward", "training")
            }
            row = f"{title}, {width} features"
            found.rows[row] = cells | {"chosen": made.chosen}
            found.notes += wrong(row, made.chosen, ratios, "edges")
    return found


def _forms(graph: Graph) -> dict[str, Callable]:
    """How a sum can be made."""
    edges = graph.edges
    found: dict[str, Callable] = {"edges": lambda x: sum_of_neighbours(edges, x)}
    if len(graph.senders) == 1:
        tables = _tables(graph)
        found["table"] = lambda x: sum_of_neighbours(Edges(None, None, tables=tables), x)
        ends = jnp.stack([graph.receivers[0], graph.senders[0]], axis=1)
        each = BCOO((jnp.ones(len(ends)), ends), shape=(graph.nodes, graph.nodes))
        found["BCOO"] = jax.vmap(lambda x: each @ x)
    if graph.nodes <= _MOST_NODES:
        held = jnp.asarray(matrices(graph.senders, graph.receivers, graph.nodes))
        found["matrix"] = lambda x: sum_by_matrix(held, x)
    return found


def _tables(graph: Graph) -> tuple:
    """The tables of the length that is chosen, or of the median degree where none is."""
    senders, receivers = graph.senders[0], graph.receivers[0]
    degrees = np.bincount(receivers, minlength=graph.nodes)
    length = table_length(degrees, here().prices) or int(np.median(degrees))
    return tuple(
        tuple(map(jnp.asarray, table(start, end, graph.nodes, length).values()))
        for start, end in ((senders, receivers), (receivers, senders))
    )


def _made_up(nodes: int, edges: int) -> Graph:
    ends = edges_made_up(nodes, edges // 2)
    return Graph(nodes, ends[:1], ends[1:])


def _several(nodes: int, edges: int) -> Graph:
    each = [edges_made_up(nodes, edges // 2, seed) for seed in range(GRAPHS)]
    return Graph(nodes, *np.stack(each, axis=1))


def _held(train: dict[str, np.ndarray]) -> Graph:
    ends = (train[f"edges:{end}"][:GRAPHS] for end in ("senders", "receivers"))
    return Graph(train["features"].shape[1], *ends)


_GRAPHS = {
    "karate": lambda: _held(load(Karate(), ".").splits["train"]),
    "100 nodes, 2,000 edges": lambda: _made_up(100, 2_000),
    "300 nodes, 15,000 edges": lambda: _made_up(300, 15_000),
    "Cora": lambda: _held(arrays(CITATIONS["cora"])),
    "10,000 nodes, 50,000 edges": lambda: _made_up(10_000, 50_000),
    "10,000 nodes, 500,000 edges": lambda: _made_up(10_000, 500_000),
    "100,000 nodes, 1,000,000 edges": lambda: _made_up(100_000, 1_000_000),
    "graphs_gin, 32 graphs of 60 nodes": lambda: _held(load(RandomGraphs(), ".").splits["train"]),
    "32 graphs of 30 nodes, 120 edges": lambda: _several(30, 120),
    "32 graphs of 60 nodes, 800 edges": lambda: _several(60, 800),
}
