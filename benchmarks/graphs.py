"""Training over one graph, in graphc and in other forms, and the forms of what it is made of."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.citations import CITATIONS, RATE, arrays, edges_made_up
from benchmarks.contest import Contest
from benchmarks.forms import programs_of, ratios_of
from benchmarks.measure import Sample
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc.data.held import by_column, shared_edges
from graphc.emit.library.graphs import Edges, edges_of, sum_of_neighbours
from graphc.emit.library.sparse import Sparse, of_values, sparse_dot
from graphc.emit.library.tied import linear

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, dense features",
    "jax": "JAX by hand",
    "torch_geometric": "PyTorch Geometric",
}
SIZES = {"Cora": None, "100,000 nodes": (100_000, 500_000)}
WIDTHS = (16, 64)
UNTRAINED = math.log(7) + 0.5
"""More than the loss of any network that was drawn and not trained."""
SHARES = (0.01, 0.02, 0.05, 0.1)

Found = tuple[str, list[tuple[str, dict[str, Sample]]]]
"""The title of the rows of a table, and the rows."""


def run(options: Options) -> Result:
    """Every graph in turn, then the tables."""
    chosen = options.chosen({**CITATIONS, **TABLES})
    tables, notes, numbers = [], [], {}
    if graphs := tuple(name for name in chosen if name in CITATIONS):
        contest = Contest(CITATIONS, arrays, TITLES, ("steps", 1), UNTRAINED, 5)
        found = contest.run(replace(options, only=graphs))
        tables, notes, numbers = [*found.tables], [*found.notes], {**found.numbers}
    rounds = options.rounds or (3 if options.quick else 7)
    for name in filter(TABLES.__contains__, chosen):
        title, rows = TABLES[name](1 if options.quick else None, rounds)
        cells = [[row, *(each.text("{:.2f}") for each in ways.values())] for row, ways in rows]
        tables.append(Table([title, *rows[0][1]], cells))
        numbers[name] = {
            row: {way: each.values for way, each in ways.items()} for row, ways in rows
        }
    return Result(tables, notes, numbers)


def _sums(most: int | None, rounds: int) -> Found:
    """What neighbours hold, added up edge by edge and by tables."""
    found = []
    for title, size in list(SIZES.items())[:most]:
        nodes, ends = _graph(size)
        by_table = edges_of({name: jnp.asarray(each) for name, each in ends.items()})
        by_edge = Edges(by_table.senders, by_table.receivers)
        for width in WIDTHS[:most]:
            x = np.random.default_rng(0).normal(size=(1, nodes, width)).astype(np.float32)
            programs = {
                word: programs_of(lambda x, graph=graph: sum_of_neighbours(graph, x), x)
                for word, graph in (("edges", by_edge), ("table", by_table))
            }
            found.append(
                (f"{title}, {width} features", ratios_of(programs, "edges", rounds)["table"])
            )
    return "edge by edge : by tables", found


def _graph(size: tuple[int, int] | None) -> tuple[int, dict[str, np.ndarray]]:
    if size is None:
        cora = arrays(CITATIONS["cora"])
        nodes = cora["label"].shape[1]
        return nodes, shared_edges(cora["edges:senders"][0], cora["edges:receivers"][0], nodes)
    return size[0], shared_edges(*edges_made_up(*size), size[0])


def _words(most: int | None, rounds: int) -> Found:
    """A dropout and a product of features of which few are not 0, all of them and those alone."""
    found, draw = [], np.random.default_rng(0)
    for share in SHARES[:most]:
        x = draw.normal(size=(1, 2_708, 1_433)) * (draw.uniform(size=(2_708, 1_433)) < share)
        whole = jnp.asarray(x, jnp.float32)
        few = Sparse(*map(jnp.asarray, by_column("x", np.asarray(whole)).values()))
        for width in WIDTHS[:most]:
            kernel = draw.normal(size=(1_433, width)).astype(np.float32)
            ways = {}
            for word, of in (("product", _product), ("dropout and product", _dropped)):
                forms = {"all": partial(of, whole), "few": partial(of, few)}
                programs = {name: programs_of(form, kernel) for name, form in forms.items()}
                ratios = ratios_of(programs, "all", rounds)["few"]
                ways |= {f"{word}, {way}": each for way, each in ratios.items()}
            found.append((f"{share:.0%} to {width}", ways))
    return "all features : those that are not 0, 2,708 x 1,433", found


def _product(x: object, kernel: jax.Array) -> jax.Array:
    return linear(x, kernel, dot_general=sparse_dot)


def _dropped(x: object, kernel: jax.Array) -> jax.Array:
    # A key that is known when it is compiled would be drawn by then.
    key = jax.random.key(jax.lax.bitcast_convert_type(kernel[0, 0], jnp.int32))
    return _product(of_values(nnx.Dropout(RATE), x, deterministic=False, rngs=key), kernel)


TABLES = {"sums": _sums, "words": _words}
