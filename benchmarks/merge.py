"""Layers of one input, apart and as one wider product: where the pass `merge` pays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.machine import compile_here, here
from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from graphc import compiler
from graphc.core.span import Source
from graphc.runtime.module import module_from_source

STEPS = 20
ROWS = (32, 128, 512)
WIDTHS = (10, 50, 128, 256)
TRAINING = "data: digits\ntrain: {loss: cross_entropy, optimizer: {adam: 1e-3}}\n"
HIGHWAY = """
blocks:
  gated:
    nodes:
      h: {dense: {features: $x.features, activation: tanh}, from: x}
      gate: {dense: {features: $x.features, activation: sigmoid}, from: x}
      y: gate * h + (1 - gate) * x
    output: y
network:
  inputs: {image: [8, 8, 1]}
  layers: [flatten, {dense: %d}, {repeat: {times: 10, layers: [gated]}}, {dense: 10}]
"""
COPIED = """
network:
  inputs: {image: [8, 8, 1]}
  nodes:
    x: {flatten: {}, from: image}
    a: {dense: 64, from: x}
    b: {dense: 64, from: x}
    y: {dense: 10, from: [a, b]}
  output: y
"""
CONVOLUTIONS = """
network:
  inputs: {image: [8, 8, 1]}
  nodes:
    stem: {conv: {features: 32, activation: relu}, from: image}
    a: {conv: {features: 32, activation: relu}, from: stem}
    b: {conv: {features: 32, activation: tanh}, from: stem}
    y: {layers: [flatten, {dense: 10}], from: ab}
    ab: a * b
  output: y
"""
NETWORKS = {f"10 highway layers of width {width}": HIGHWAY % width for width in WIDTHS} | {
    "two dense layers whose values are concatenated": COPIED,
    "two convolutions of 32 channels": CONVOLUTIONS,
}


def run(options: Options) -> Result:
    """The ratios of their times for a training step, by the rows of a batch."""
    rounds = options.rounds or (3 if options.quick else 25)
    names = list(NETWORKS)[:2] if options.quick else list(NETWORKS)
    ratios = {name: [_ratio(NETWORKS[name], rows, rounds) for rows in ROWS] for name in names}
    header = ["apart : joined", *(f"{rows} rows" for rows in ROWS)]
    rows = [[name, *(each.text("{:.2f}") for each in ratios[name])] for name in names]
    most = math.inf if here().merged is None else here().merged
    narrow = names[: sum(2 * width <= most for width in WIDTHS)]
    fine = all(each.median >= 1 for name in narrow for each in ratios[name][:2])
    note = f"products of up to {most} columns are no slower joined, over 32 and 128 rows"
    numbers = {name: [each.values for each in ratios[name]] for name in names}
    return Result([Table(header, rows)], [f"{note}: {met(fine)}"], numbers)


def _ratio(network: str, rows: int, rounds: int) -> Sample:
    source = Source("merge.yaml", network + TRAINING)
    apart = compile_here(source, without=("merge",))
    joined = compile_here(source, forms=replace(here(), merged=None))
    steps = min(STEPS, apart.choices.steps_per_dispatch)
    actions = {"apart": _steps(apart, rows, steps), "joined": _steps(joined, rows, steps)}
    times = interleaved(actions, rounds)
    return times["apart"].over(times["joined"])


def _steps(compiled: compiler.Compiled, rows: int, steps: int) -> Callable[[], float]:
    """Runs training steps, so many in a dispatch, and says how long they took."""
    module = module_from_source(compiled.source)
    draw = np.random.default_rng(0)
    batch = {
        "image": jnp.asarray(draw.normal(size=(rows, 8, 8, 1)), jnp.float32),
        "label": jnp.asarray(draw.integers(0, 10, rows), jnp.int32),
        "mask": jnp.ones(rows, bool),
    }
    key = jax.random.key(1)

    @jax.jit
    def several(state):
        if steps == 1:  # a convolution in a loop is another program on the CPU
            return module.train_step(state, batch, key)[0]
        return jax.lax.fori_loop(
            0, steps, lambda _, state: module.train_step(state, batch, key)[0], state
        )

    state = several(jax.jit(module.init)(jax.random.key(0)))

    def measure() -> float:
        started, found = time.perf_counter(), state
        for _ in range(STEPS // steps):
            found = several(found)
        jax.block_until_ready(found)
        return time.perf_counter() - started

    measure()
    return measure
