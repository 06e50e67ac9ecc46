"""Training over one graph, in graphc and in other forms, and the forms of what it is made of."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.citations import CITATIONS, RATE, arrays
from benchmarks.contest import Contest
from benchmarks.forms import Compared, columns, programs_of, ratios_of, together, wrong
from benchmarks.machine import here
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.sums import WIDTHS, sums
from graphc.data.sparse_forms import by_column
from graphc.emit.library.dropout import Dropout
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


def run(options: Options) -> Result:
    """Every graph in turn, then the tables."""
    chosen = options.chosen({**CITATIONS, **TABLES})
    result = Result([])
    if graphs := tuple(name for name in chosen if name in CITATIONS):
        contest = Contest(CITATIONS, arrays, TITLES, ("steps", 1), UNTRAINED, 5)
        result = contest.run(replace(options, only=graphs))
    rounds, most = options.rounds or (3 if options.quick else 7), 1 if options.quick else None
    if names := [name for name in chosen if name in TABLES]:
        forms = together({name: TABLES[name](most, rounds) for name in names})
        tables, notes = [*result.tables, *forms.tables], [*result.notes, *forms.notes]
        result = Result(tables, notes, {**result.numbers, **forms.numbers})
    return result


def _words(most: int | None, rounds: int) -> Compared:
    """A dropout and a product of features of which few are not 0, all of them and those alone."""
    found = Compared("all features : those that are not 0, 2,708 x 1,433")
    draw = np.random.default_rng(0)
    for share in SHARES[:most]:
        x = draw.normal(size=(1, 2_708, 1_433)) * (draw.uniform(size=(2_708, 1_433)) < share)
        whole = jnp.asarray(x, jnp.float32)
        few = _few(x, here().prices.over)
        for width in WIDTHS[:most]:
            kernel = draw.normal(size=(1_433, width)).astype(np.float32)
            cells, row = {}, f"{share:.0%} to {width}"
            for word, of in (("product", _product), ("dropout and product", _dropped)):
                forms = {"all": partial(of, whole), "few": partial(of, few)}
                programs = {name: programs_of(form, kernel) for name, form in forms.items()}
                ratios = ratios_of(programs, "all", rounds)
                cells |= {f"{word}, {way}": each for way, each in ratios["few"].items()}
                bound = here().sparse if of is _product else here().sparse_dropped
                taken = "few" if share * width <= bound else "all"
                found.notes += wrong(f"{row}, {word}", taken, ratios, "all")
            found.rows[row] = cells
    return found


def _over(most: int | None, rounds: int) -> Compared:
    """A dropout and a product of rows as long as the fullest, and of shorter ones with a rest."""
    title = "as long as the fullest : shorter by this price of what is over, 2,708 x 1,433"
    found, draw = Compared(title), np.random.default_rng(0)
    for share in SPARSE[:most]:
        x = draw.normal(size=(1, 2_708, 1_433)) * (draw.uniform(size=(2_708, 1_433)) < share)
        for width in WIDTHS[:most]:
            kernel = draw.normal(size=(1_433, width)).astype(np.float32)
            programs = {
                f"{price:g}": programs_of(partial(_dropped, _few(x, price)), kernel)
                for price in (math.inf, *PRICES)
            }
            ratios = ratios_of(programs, "inf", rounds)
            row = f"{share:.1%} to {width}"
            found.rows[row] = dict(columns(ratios))
            found.notes += wrong(row, f"{here().prices.over:g}", ratios, "inf")
    return found


def _few(x: np.ndarray, price: float) -> Sparse:
    found = by_column("x", x.astype(np.float32), price)
    return held({word: jnp.asarray(array) for word, array in found.items()}, "x")


def _product(x: object, kernel: jax.Array) -> jax.Array:
    return linear(x, kernel, dot_general=sparse_dot)


def _dropped(x: object, kernel: jax.Array) -> jax.Array:
    # A key that is known when it is compiled would be drawn by then.
    key = jax.random.key(jax.lax.bitcast_convert_type(kernel[0, 0], jnp.int32))
    return _product(of_values(Dropout(RATE), x, deterministic=False, rngs=key), kernel)


TABLES = {"sums": sums, "words": _words, "over": _over}
CHOICES = (*CITATIONS, *TABLES)
