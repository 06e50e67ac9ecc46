"""Equal layers in a loop and one by one: how long training takes, and compiling."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.emitted import emitted
from benchmarks.forms import Compared, together, wrong
from benchmarks.machine import here
from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.specs import highway
from graphc.core.span import Source

DEPTHS = (4, 8, 16)
LOOP, ALONE = "in a loop", "one by one"
ROLLED = {LOOP: 2, ALONE: 10**9}
SECONDS = 0.3
SPEC = """\
graphc: 1
network:
  inputs: {input}
  layers: [{first}, {{repeat: {{times: {depth}, layers: [{layer}]}}}}, {last}]
data: {data}
train: {{loss: cross_entropy, optimizer: {{adam: 1e-3}}, batch_size: {batch}, epochs: 1}}
"""
PARTS = {
    "transformer": {
        "input": "{text: {int: [time], below: data}}",
        "first": "embed: 128",
        "layer": "{residual: [layer_norm, {attention: {heads: 4, causal: true}}]},"
        " {residual: [layer_norm, {dense: {features: 512, activation: gelu}}, {dense: 128}]}",
        "last": "dense: $text.below",
        "data": "{shakespeare: {length: 128}}",
        "batch": 16,
    },
    "mixer": {
        "input": "{image: [28, 28, 1]}",
        "first": "patches: 4, dense: {features: 64, axis: -1}",
        "layer": "{residual: [layer_norm, {dense: {features: 64, axis: 0, activation: gelu}},"
        " {dense: {features: 49, axis: 0}}]},"
        " {residual: [layer_norm, {dense: {features: 256, axis: -1, activation: gelu}},"
        " {dense: {features: 64, axis: -1}}]}",
        "last": "mean: 0, dense: 10",
        "data": "mnist",
        "batch": 64,
    },
    "residual": {
        "input": "{image: [28, 28, 1]}",
        "first": "flatten, dense: 256",
        "layer": "{residual: [batch_norm, {dense: {features: 256, activation: relu}},"
        " {dense: 256}]}",
        "last": "dense: 10",
        "data": "mnist",
        "batch": 128,
    },
}


def run(options: Options) -> Result:
    """The time in a loop over that one by one, and the seconds of compiling both."""
    rounds = options.rounds or (2 if options.quick else 5)
    kinds = options.chosen(CHOICES)
    depths = DEPTHS[: 1 if options.quick else None]
    found = Compared(f"{LOOP} : {ALONE}")
    for kind in kinds[: 1 if options.quick else None]:
        for depth in depths:
            name = f"{kind}, {depth} layers"
            ratio, compiling = _measured(_source(kind, depth), rounds)
            taken = LOOP if depth >= here().rolled else ALONE
            found.notes += wrong(name, taken, {ALONE: {"training": ratio}}, LOOP)
            seconds = {f"compiling {word}, s": f"{each:.1f}" for word, each in compiling.items()}
            found.rows[name] = {"training": ratio, **seconds}
    return together({"layers": found})


def _source(kind: str, depth: int) -> Source:
    if kind == "highway":
        return highway(depth)
    return Source("layers.yaml", SPEC.format(depth=depth, **PARTS[kind]))


def _measured(source: Source, rounds: int) -> tuple[Sample, dict[str, float]]:
    """The ratio of the times of training steps, and the seconds to compile them."""
    actions, compiling = {}, {}
    for word, rolled in ROLLED.items():
        actions[word], compiling[word] = _training(source, rolled)
    times = interleaved(actions, rounds)
    return times[LOOP].over(times[ALONE]), compiling


def _training(source: Source, rolled: int) -> tuple[Callable[[], float], float]:
    """What says how many seconds a step takes, and those of compiling."""
    each = emitted(source, forms=replace(here(), rolled=rolled), sequences=(1_000, 128))
    module, key = each.module, jax.random.key(0)
    batch = _batch(source, each.batch_size)

    def steps(state: object, count: jax.Array) -> object:
        def step(i: int, state: object) -> object:
            return module.train_step(state, batch, jax.random.fold_in(key, i))[0]

        return jax.lax.fori_loop(0, count, step, state)

    state = jax.jit(module.init)(key)
    started = time.perf_counter()
    program = jax.jit(steps).lower(state, jnp.int32(1)).compile()
    compiling = time.perf_counter() - started

    def timed(count: int) -> float:
        started = time.perf_counter()
        jax.block_until_ready(program(state, jnp.int32(count)))
        return (time.perf_counter() - started) / count

    timed(1)
    count = max(1, round(SECONDS / timed(2)))
    return lambda: timed(count), compiling


def _batch(source: Source, size: int) -> dict[str, jax.Array]:
    draw = np.random.default_rng(0)
    if "shakespeare" in source.text:
        return {name: jnp.asarray(draw.integers(0, 65, (size, 128))) for name in ("text", "next")}
    image = jnp.asarray(draw.uniform(size=(size, 28, 28, 1)), jnp.float32)
    return {"image": image, "label": jnp.asarray(draw.integers(0, 10, size))}


CHOICES = (*PARTS, "highway")
