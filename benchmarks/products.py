"""The expensive operations of the LeNet-5 training step, before XLA optimises anything."""

from __future__ import annotations

import re
from collections import Counter

import jax

from benchmarks import handwritten
from benchmarks.emitted import emitted, step_shapes
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import lenet

KINDS = ("dot_general", "convolution", "while")


def run(options: Options) -> Result:
    """Counts in the StableHLO of both steps; the same on every machine."""
    del options
    each = emitted(lenet(), without=("bands",))
    state, batch, key = step_shapes(each, (28, 28, 1))
    ours = _count(jax.jit(each.module.train_step).lower(state, batch, key).as_text())
    params, memory = jax.eval_shape(handwritten.init, jax.random.key(0))
    by_hand = _count(jax.jit(handwritten.train_step).lower(params, memory, batch).as_text())
    rows = [
        [f"`{kind}`", str(ours[kind]), str(by_hand[kind])] for kind in (*KINDS, "all operations")
    ]
    table = Table(["operation", "emitted by graphc", "written by hand"], rows)
    fine = met(all(ours[kind] <= by_hand[kind] for kind in KINDS))
    notes = [f"no product, convolution or loop more than the step written by hand: {fine}"]
    return Result([table], notes, {"graphc": ours, "by hand": by_hand})


def _count(text: str) -> Counter[str]:
    found = Counter(re.findall(r"= \"?stablehlo\.(\w+)", text))
    # Operations with several results, such as loops, are written `%0:4 = stablehlo.while`.
    found["all operations"] = sum(found.values())
    return found
