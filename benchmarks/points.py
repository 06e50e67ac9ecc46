"""Products of points of several axes with a kernel: how they are written, forward and back."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from benchmarks.forms import programs_of, ratios_of, verdict, wrong
from benchmarks.machine import here
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc.emit.library.products import dot_bfloat16, dot_flat

SHAPES = (
    (32, 16, 64, 64),
    (32, 128, 64, 256),
    (32, 128, 256, 66),
    (32, 128, 256, 1024),
    (32, 128, 128, 512),
    (32, 64, 128, 128),
    (128, 49, 32, 64),
    (8, 1024, 64, 64),
)
"""Examples, steps, and the features in and out."""


def narrow(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """The product from bfloat16 operands, with the gradient of jax."""
    x, kernel = x.astype(jnp.bfloat16), kernel.astype(jnp.bfloat16)
    return jnp.matmul(x, kernel, preferred_element_type=jnp.float32)


FORMS = {"as it is": jnp.matmul, "flat": dot_flat, "narrow": narrow, "bfloat16": dot_bfloat16}
"""The first two in float32."""
AS_IT_IS, FLAT, *NARROW = FORMS
WAYS = ("forward", "training")


def run(options: Options) -> Result:
    """A row for each shape: the time of the product as it is over that of each form."""
    rounds = options.rounds or (3 if options.quick else 9)
    rows, notes, numbers = [], [], {}
    for shape in SHAPES[: 2 if options.quick else None]:
        name = "{} x {} x {} to {}".format(*shape)
        found = ratios_of(_programs(shape), AS_IT_IS, rounds)
        wide, narrow = {FLAT: found[FLAT]}, {form: found[form] for form in NARROW}
        notes += wrong(name, FLAT if here().flat else AS_IT_IS, wide, AS_IT_IS)
        notes += wrong(name, "bfloat16", narrow)
        rows.append((name, *(ways[way].text("{:.2f}") for ways in found.values() for way in WAYS)))
        numbers[name] = {
            form: {way: each.values for way, each in ways.items()} for form, ways in found.items()
        }
    columns = (f"{form}, {way}" for form in list(FORMS)[1:] for way in WAYS)
    return Result([Table(("points and features", *columns), rows)], verdict(notes), numbers)


def _programs(shape: tuple[int, int, int, int]) -> dict:
    *points, inputs, outputs = shape
    x = jax.random.normal(jax.random.key(0), (*points, inputs))
    kernel = jax.random.normal(jax.random.key(1), (inputs, outputs))
    return {
        word: programs_of(lambda given, form=form: form(*given), (x, kernel))
        for word, form in FORMS.items()
    }
