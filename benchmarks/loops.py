"""Forms of loops over time that the compiler chooses between, on the device at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.forms import Compared, Programs, columns, programs_of, ratios_of, together, wrong
from benchmarks.machine import compile_here, here
from benchmarks.options import Options
from benchmarks.report import Result
from graphc import compiler
from graphc.core.span import Source
from graphc.emit.library.time import add_by_parts, over_time, recur
from graphc.emit.module import emit
from graphc.plan.plan import Program
from graphc.runtime.module import module_from_source

STEPS = (64, 512, 4_096, 16_384)
STATES = ((1, 1), (1, 64), (4, 16), (8, 64))
ROUNDS = (2, 4, 8)
CELLS = ("elman", "gru", "lstm")
SHARING = "gru_reset_after"
"""A cell of which several layers read the same value."""
INPUTS = (
    (32, 16, 16),
    (32, 64, 64),
    (32, 64, 256),
    (32, 256, 256),
    (32, 512, 512),
    (32, 256, 64),
    (128, 32, 128),
)
SIZES = ((16, 16), (128, 16), (32, 64), (16, 128), (32, 256))
AFFINE = """
graphc: 1
network:
  inputs: {a: [time, %(units)d], b: [time, %(units)d]}
  nodes: {h: a * h@t-1 + b}
  output: h
"""
CELL = "graphc: 1\nnetwork: {inputs: {x: [time, %d]}, layers: [%s]}\n"


def run(options: Options) -> Result:
    """A table for each choice."""
    rounds = options.rounds or (3 if options.quick else 7)
    quick = 1 if options.quick else None
    return together({name: TABLES[name](quick, rounds) for name in options.chosen(TABLES)})


def _recurrences(most: int | None, rounds: int) -> Compared:
    """`h: a * h@t-1 + b` as an associative scan, and as a loop."""
    found = Compared("loop : associative scan, batch x features")
    for batch, units in STATES[:most]:
        forms = {}
        for word, affine in (("loop", False), ("scan", True)):
            source = Source("affine.yaml", AFFINE % {"units": units})
            forms[word] = module_from_source(
                compile_here(source, forms=replace(here(), affine=affine)).source
            )
        cells = {}
        for count in STEPS[:most]:
            draw = np.random.default_rng(0)
            given = {"a": draw.uniform(0.5, 1, (batch, count, units)).astype(np.float32)}
            given["b"] = draw.normal(size=given["a"].shape).astype(np.float32)
            programs = {
                word: programs_of(lambda arrays, form=form: form.forward({}, {}, arrays)[0], given)
                for word, form in forms.items()
            }
            ratios = ratios_of(programs, "loop", rounds)
            for way, ratio in ratios["scan"].items():
                cells[f"{count:,} steps, {way}"] = ratio
            row = f"{batch} x {units}, {count:,} steps"
            found.notes += wrong(row, "scan" if here().affine else "loop", ratios, "loop")
        found.rows[f"{batch} x {units}"] = cells
    return found


def _unrolled(most: int | None, rounds: int) -> Compared:
    """Cells with one step of the loop in a round, and with several."""
    found = Compared("1 step : several in a round, batch x units")
    for name in CELLS[:most]:
        for batch, units in SIZES[:most]:
            whole = compile_here(Source("cell.yaml", CELL % (units, f"{{{name}: {units}}}")))
            x = np.random.default_rng(0).normal(size=(batch, 128, units)).astype(np.float32)
            programs = {
                str(each): _cell(compiler.in_rounds(whole.program, each), x)
                for each in (1, *ROUNDS)
            }
            ratios = ratios_of(programs, "1", rounds)
            row = f"{name}, {batch} x {units}"
            found.notes += wrong(row, str(here().unroll), ratios, "1")
            found.rows[row] = columns(ratios, "{} steps, {}")
    return found


def _cell(program: Program, x: np.ndarray) -> Programs:
    module = module_from_source(emit(program).source)
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])
    # With the gradient by what the cell reads, as where it stands on another layer.
    return programs_of(lambda given: module.forward(given[0], {}, {"x": given[1]})[0], (params, x))


def _gates(most: int | None, rounds: int) -> Compared:
    """The step of an LSTM with each gate by itself, and with one tanh for all of them."""
    found = Compared("sigmoids and tanh : all through tanh, batch x units")
    for batch, units in SIZES[:most]:
        draw = np.random.default_rng(0)
        given = {
            "now": draw.normal(size=(batch, 128, 4 * units)).astype(np.float32),
            "kernel": draw.normal(0, units**-0.5, (units, 4 * units)).astype(np.float32),
        }
        begin = [jnp.zeros((batch, units))] * 2

        def loop(step: Callable, arrays: dict, begin: list = begin) -> jax.Array:
            return recur(step, [arrays["now"]], begin, [arrays["kernel"]])

        programs = {
            word: programs_of(lambda arrays, step=step: loop(step, arrays), given)
            for word, step in (("apart", _apart), ("one tanh", _joined), ("four", _by_tanh))
        }
        ratios = ratios_of(programs, "apart", rounds)
        found.notes += wrong(f"{batch} x {units}", "one tanh", ratios, "apart")
        found.rows[f"{batch} x {units}"] = columns(ratios)
    return found


def _kernels(most: int | None, rounds: int) -> Compared:
    """The gradient of a kernel added up step by step, and as one product behind the loop."""
    found = Compared("gradient of the kernel in the loop : behind it, batch x units")
    for name, (step, gates, states, streams) in STATEFUL.items():
        for batch, units in SIZES[:most]:
            draw = np.random.default_rng(0)
            given = {
                "now": draw.normal(size=(batch, 128, gates * units)).astype(np.float32),
                "kernel": draw.normal(0, units**-0.5, (units, gates * units)).astype(np.float32),
            }
            begin = [jnp.zeros((batch, units))] * states

            def loop(run: Callable, arrays: dict, step=step, begin=begin, streams=streams):
                now = jnp.split(arrays["now"], streams, -1)
                return run(step, now, begin, [arrays["kernel"]])

            programs = {
                word: programs_of(lambda arrays, run=run, loop=loop: loop(run, arrays), given)
                for word, run in (("in it", over_time), ("behind it", recur))
            }
            ratios, row = ratios_of(programs, "in it", rounds), f"{name}, {batch} x {units}"
            found.notes += wrong(row, "behind it", ratios, "in it")
            found.rows[row] = dict(ratios["behind it"])
    return found


def _inputs(most: int | None, rounds: int) -> Compared:
    """Cells with the products of their inputs before the loop, and in it."""
    title = "products with inputs before the loop : in it, batch x inputs to units"
    forms = {"before": {"stays": 0.0}, "in it": {"stays": 1e-6}}
    names = ("gru", "lstm", SHARING)[:most]

    def taken(inputs: int, units: int) -> str:
        return "in it" if units >= here().stays * inputs else "before"

    return _of_cells(title, names, 1, forms, taken, most, rounds)


def _shared(most: int | None, rounds: int) -> Compared:
    """A cell whose layers read the same values, each with its own product and with shared ones."""
    title = "products apart : shared, batch x inputs to units"
    forms = {"apart": {"shared": False}, "shared": {"shared": True}}
    taken = "shared" if here().shared else "apart"
    return _of_cells(title, [SHARING], 1, forms, lambda *_: taken, most, rounds)


def _steps(most: int | None, rounds: int) -> Compared:
    """Two cells whose products for all steps go example by example, and step by step."""
    title = "products example by example : step by step, batch x inputs to units"
    forms = {"examples": {"steps": False}, "steps": {"steps": True}}
    names, taken = (*CELLS, SHARING)[:most], "steps" if here().steps else "examples"
    return _of_cells(title, names, 2, forms, lambda *_: taken, most, rounds)


def _of_cells(
    title: str,
    names: Sequence[str],
    layers: int,
    forms: Mapping[str, Mapping[str, object]],
    taken: Callable[[int, int], str],
    most: int | None,
    rounds: int,
) -> Compared:
    """Layers of cells by two forms: the time by the first over that by the other.

    Args:
        taken: gives the form that is chosen for so many inputs and units.
    """
    found, (first, other) = Compared(title), forms
    for name, (batch, inputs, units) in product(names, INPUTS[:most]):
        x = np.random.default_rng(0).normal(size=(batch, 128, inputs)).astype(np.float32)
        cells = ", ".join([f"{{{name}: {units}}}"] * layers)
        source = Source("cells.yaml", CELL % (inputs, cells))
        programs = {
            word: _cell(compile_here(source, forms=replace(here(), **form)).program, x)
            for word, form in forms.items()
        }
        ratios, row = ratios_of(programs, first, rounds), f"{name}, {batch} x {inputs} to {units}"
        found.notes += wrong(row, taken(inputs, units), ratios, first)
        found.rows[row] = dict(ratios[other])
    return found


def _parts(most: int | None, rounds: int) -> Compared:
    """Cells to whose parts a value of the step is added, in its columns and by parts."""
    found = Compared("columns of one value : a value for each part, batch x units")
    for name, (after, gates, states) in PARTED.items():
        for batch, units in SIZES[:most]:
            draw = np.random.default_rng(0)
            given = {
                word: draw.normal(0, scale, (*shape, count * units)).astype(np.float32)
                for word, shape, count, scale in (
                    ("now", (batch, 128), gates, 1),
                    ("given", (batch, 128), 1, 1),
                    ("kernel", (units,), gates, units**-0.5),
                    ("other", (units,), 1, units**-0.5),
                )
            }
            begin = [jnp.zeros((batch, units))] * states

            def by_columns(now, given, kernel, other, h, *rest, after=after, gates=gates):
                return after(jnp.split(h @ kernel + now, gates, -1), given, other, h, *rest)

            def by_parts(now, given, kernel, other, h, *rest, after=after):
                return after(add_by_parts(h @ kernel, now), given, other, h, *rest)

            def columns(arrays, begin=begin, step=by_columns):
                streams = [arrays["now"], arrays["given"]]
                return recur(step, streams, begin, [arrays["kernel"], arrays["other"]])

            def parts(arrays, begin=begin, step=by_parts, gates=gates):
                streams = [jnp.split(arrays["now"], gates, -1), arrays["given"]]
                return recur(step, streams, begin, [arrays["kernel"], arrays["other"]])

            forms = {"columns": columns, "parts": parts}
            programs = {word: programs_of(form, given) for word, form in forms.items()}
            ratios, row = ratios_of(programs, "columns", rounds), f"{name}, {batch} x {units}"
            taken = "columns" if name == "gru" else "parts"
            found.notes += wrong(row, taken, ratios, "columns")
            found.rows[row] = dict(ratios["parts"])
    return found


TABLES = {
    "recurrences": _recurrences,
    "unrolled": _unrolled,
    "gates": _gates,
    "kernels": _kernels,
    "inputs": _inputs,
    "shared": _shared,
    "steps": _steps,
    "parts": _parts,
}
CHOICES = tuple(TABLES)


def _apart(now, kernel, h, c):
    i, f, o, g = jnp.split(h @ kernel + now, 4, axis=-1)
    return _after(nnx.sigmoid(i), nnx.sigmoid(f), nnx.sigmoid(o), jnp.tanh(g), c)


def _by_tanh(now, kernel, h, c):
    """Each gate by itself, with `sigmoid(x) = tanh(x / 2) / 2 + 1 / 2`."""
    i, f, o, g = jnp.split(h @ kernel + now, 4, axis=-1)
    i, f, o = (jnp.tanh(each * 0.5) * 0.5 + 0.5 for each in (i, f, o))
    return _after(i, f, o, jnp.tanh(g), c)


def _joined(now, kernel, h, c):
    """One tanh for all of them."""
    half = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], np.float32), h.shape[-1])
    gates = jnp.tanh((h @ kernel + now) * half) * half + (1 - half)
    return _after(*jnp.split(gates, 4, axis=-1), c)


def _after(i, f, o, g, c):
    c = f * c + i * g
    return o * jnp.tanh(c), c


def _elman(now, kernel, h):
    return jnp.tanh(h @ kernel + now)


def _gru(r_now, z_now, n_now, kernel, h):
    r, z, n = jnp.split(h @ kernel, 3, -1)
    r, z = nnx.sigmoid(r + r_now), nnx.sigmoid(z + z_now)
    return (1 - z) * jnp.tanh(n_now + r * n) + z * h


STATEFUL: dict[str, tuple[Callable, int, int, int]] = {
    "elman": (_elman, 1, 1, 1),
    "gru": (_gru, 3, 1, 3),
    "lstm": (_joined, 4, 2, 1),
}
"""The step of a cell, its gates, its states, and in how many parts its inputs come."""


def _reset_before(parts, given, other, h):
    r, z = map(nnx.sigmoid, parts)
    n = jnp.tanh((r * h) @ other + given)
    return (1 - z) * n + z * h


def _four_gates(parts, given, other, h, c):
    i, f, o, g = parts
    c = nnx.sigmoid(f + given * c) * c + nnx.sigmoid(i + given * c) * jnp.tanh(g)
    return nnx.sigmoid(o + given * c) * jnp.tanh(c), c


PARTED: dict[str, tuple[Callable, int, int]] = {
    "gru": (_reset_before, 2, 1),
    "lstm_peephole": (_four_gates, 4, 2),
}
"""What a cell does with its parts, how many these are, and its states."""
