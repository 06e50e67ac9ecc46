"""Training over one graph, in graphc and in other forms, and the forms of what it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.citations import CITATIONS, RATE, arrays
from benchmarks.contest import Contest
from benchmarks.forms import programs_of, ratios_of
from benchmarks.measure import Sample
from benchmarks.options import Options
from benchmarks.report import Result, Table
from benchmarks.sums import WIDTHS, sums
from graphc.core.forms import CPU
from graphc.data.sparse_forms import by_column
from graphc.emit.library.sparse import Sparse, held, of_values, sparse_dot
from graphc.emit.library.tied import linear

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, dense features",
    "jax": "JAX by hand",
    "torch_geometric": "PyTorch Geometric",
}
UNTRAINED = math.log(7) + 0.5
"""More than the loss of any network that was drawn and not trained."""
SHARES = (0.01, 0.02, 0.05, 0.1)
SPARSE, PRICES = (0.005, 0.0127, 0.02), (1, 2, 4)

Found = tuple[str, Sequence[tuple[str, Mapping[str, Sample | str]]]]
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
        cells = [[row, *map(_text, ways.values())] for row, ways in rows]
        tables.append(Table([title, *rows[0][1]], cells))
        numbers[name] = {
            row: {way: each.values for way, each in ways.items() if isinstance(each, Sample)}
            for row, ways in rows
        }
    return Result(tables, notes, numbers)


def _text(cell: Sample | str) -> str:
    return cell if isinstance(cell, str) else cell.text("{:.2f}")


def _sums(most: int | None, rounds: int) -> Found:
    """What neighbours hold, added up edge by edge and in other forms."""
    return "edge by edge : by", sums(most, rounds)


def _words(most: int | None, rounds: int) -> Found:
    """A dropout and a product of features of which few are not 0, all of them and those alone."""
    found, draw = [], np.random.default_rng(0)
    for share in SHARES[:most]:
        x = draw.normal(size=(1, 2_708, 1_433)) * (draw.uniform(size=(2_708, 1_433)) < share)
        whole = jnp.asarray(x, jnp.float32)
        few = _few(x, CPU.prices.over)
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


def _over(most: int | None, rounds: int) -> Found:
    """A dropout and a product of rows as long as the fullest, and of shorter ones with a rest."""
    found, draw = [], np.random.default_rng(0)
    for share in SPARSE[:most]:
        x = draw.normal(size=(1, 2_708, 1_433)) * (draw.uniform(size=(2_708, 1_433)) < share)
        for width in WIDTHS[:most]:
            kernel = draw.normal(size=(1_433, width)).astype(np.float32)
            programs = {
                f"{price:g}": programs_of(partial(_dropped, _few(x, price)), kernel)
                for price in (math.inf, *PRICES)
            }
            ratios = ratios_of(programs, "inf", rounds)
            ways = {
                f"{price}, {way}": each
                for price, ways in ratios.items()
                for way, each in ways.items()
            }
            found.append((f"{share:.1%} to {width}", ways))
    return "as long as the fullest : shorter by this price of what is over, 2,708 x 1,433", found


def _few(x: np.ndarray, price: float) -> Sparse:
    found = by_column("x", x.astype(np.float32), price)
    return held({word: jnp.asarray(array) for word, array in found.items()}, "x")


def _product(x: object, kernel: jax.Array) -> jax.Array:
    return linear(x, kernel, dot_general=sparse_dot)


def _dropped(x: object, kernel: jax.Array) -> jax.Array:
    # A key that is known when it is compiled would be drawn by then.
    key = jax.random.key(jax.lax.bitcast_convert_type(kernel[0, 0], jnp.int32))
    return _product(of_values(nnx.Dropout(RATE), x, deterministic=False, rngs=key), kernel)


TABLES = {"sums": _sums, "words": _words, "over": _over}
CHOICES = (*CITATIONS, *TABLES)
