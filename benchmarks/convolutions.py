"""Convolutions of XLA against those of YNNPACK and as products, forward and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import prod

import jax
import jax.numpy as jnp

from benchmarks.forms import Ratios, columns, programs_of, ratios_of, verdict, wrong
from benchmarks.machine import here
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc.core.forms import PRODUCTS, YNNPACK
from graphc.core.types import Type
from graphc.emit.library.convolution import by_rows, convolve
from graphc.emit.library.windows import surround, windows
from graphc.ops.convolution import Conv
from graphc.passes.bands import few

BATCH = 128
WAYS = ("forward", "training")
XLA = "XLA"
XLA_ALONE = {YNNPACK: ",".join(PRODUCTS)}
"""What XLA is told where it is to compute convolutions itself."""
Given = tuple[jax.Array, jax.Array]
CALLS = 8
"""How often a convolution is called, or goes round in a loop."""


@dataclass(frozen=True)
class Shape:
    """Square images and a square kernel."""

    side: int
    channels: int
    features: int
    kernel: int
    stride: int = 1
    padding: str = "valid"

    @property
    def layer(self) -> Conv:
        return Conv(self.features, self.kernel, stride=self.stride, padding=self.padding)

    @property
    def image(self) -> Type:
        return Type((self.side, self.side, self.channels))

    def __str__(self) -> str:
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        window = f"{self.kernel} x {self.kernel}"
        return f"{self.side} x {self.side} x {self.channels}, {self.features} of {window}{stride}"


SHAPES = (
    Shape(28, 1, 6, 5, padding="same"),
    Shape(14, 6, 16, 5),
    *(Shape(side, c, m, 3, padding="same") for side, c, m in product((8, 28), (1, 8), (8, 32))),
    *(Shape(side, 3, m, 5) for side, m in product((14, 32), (6, 16))),
    Shape(32, 3, 8, 3, padding="same"),
    Shape(14, 7, 12, 3),
    Shape(14, 9, 8, 3),
    Shape(14, 10, 10, 3),
    Shape(14, 12, 12, 3),
    Shape(28, 1, 32, 4, 2, "same"),
    Shape(14, 32, 64, 4, 2, "same"),
    Shape(32, 16, 16, 3, padding="same"),
)


def run(options: Options) -> Result:
    """A row for each shape: the time of XLA's over those of the others."""
    rounds = options.rounds or (3 if options.quick else 9)
    found = {str(each): _measured(each, rounds) for each in SHAPES[: 2 if options.quick else None]}
    rows = [(name, *each.row) for name, each in found.items()]
    notes = [note for name, each in found.items() for note in each.wrong(name)]
    numbers = {
        name: {form: {way: ways[way].values for way in WAYS} for form, ways in each.ratios.items()}
        for name, each in found.items()
    }
    first = next(iter(found.values()))
    header = ("images and kernels", "numbers of the band", *columns(first.ratios), "chosen")
    looped, numbers["in a loop"] = _looped(SHAPES[-1:] if options.quick else SHAPES[-3:], rounds)
    tables = [Table(header, rows), looped]
    return Result(tables, verdict(notes), numbers)


def _looped(shapes: tuple[Shape, ...], rounds: int) -> tuple[Table, dict]:
    """The time of XLA's convolutions in a loop over that of as many calls."""
    found = {}
    for shape in shapes:
        given, library = inputs_of(shape), function_of(shape)
        once, round_ = (programs_of(library, given, times, XLA_ALONE) for times in (1, CALLS))
        calls = {
            way: lambda each=each: [each() for _ in range(CALLS)] for way, each in once.items()
        }
        found[str(shape)] = ratios_of({"loop": round_, "calls": calls}, "loop", rounds)["calls"]
    rows = [(name, *(each[way].text("{:.1f}") for way in WAYS)) for name, each in found.items()]
    numbers = {name: {way: each[way].values for way in WAYS} for name, each in found.items()}
    return Table(("XLA's in a loop : as calls", *WAYS), rows), numbers


@dataclass(frozen=True)
class Measured:
    """The time of XLA's convolution over that of each other form, by the form and the way."""

    size: int
    ratios: Ratios
    chosen: str

    @property
    def row(self) -> tuple[str, ...]:
        cells = (each.text("{:.2f}") for each in columns(self.ratios).values())
        return f"{self.size:,}", *cells, self.chosen

    def wrong(self, name: str) -> list[str]:
        """Where another form is faster."""
        return wrong(name, self.chosen, self.ratios, XLA)


def shifted(x, kernel, strides, padding, **_):
    """For each place of the window a product of what all places of the result see there."""
    parts = _windows(x, kernel, strides, padding)
    each = kernel.reshape(-1, *kernel.shape[2:])
    return sum(x @ kernel for x, kernel in zip(parts, each, strict=True))


def im2col(x, kernel, strides, padding, **_):
    """One product of all that each place of the result sees."""
    seen = jnp.concatenate(list(_windows(x, kernel, strides, padding)), axis=-1)
    return seen @ kernel.reshape(-1, kernel.shape[-1])


def _windows(x, kernel, strides, padding):
    *window, _, _ = kernel.shape
    return windows(surround(x, window, strides, padding), window, strides)


PRODUCTS_OF = {"by rows": by_rows, "shifted": shifted, "im2col": im2col}


def inputs_of(shape: Shape) -> Given:
    """Images and a kernel."""
    kernel = shape.layer.weights(shape.image)["kernel"].shape
    shapes = (BATCH, *shape.image.shape), kernel
    keys = jax.random.split(jax.random.key(0))
    return tuple(jax.random.normal(*each) for each in zip(keys, shapes, strict=True))


def function_of(shape: Shape, **form: Callable) -> Callable[[Given], jax.Array]:
    """The convolution of the library, or in another form."""
    options = {"strides": shape.stride, "padding": shape.padding.upper()}
    return lambda given: convolve(*given, **options, **form)


def _measured(shape: Shape, rounds: int) -> Measured:
    given, library = inputs_of(shape), function_of(shape)
    programs = {XLA: programs_of(library, given, options=XLA_ALONE)}
    for word, form in PRODUCTS_OF.items():
        programs[word] = programs_of(function_of(shape, form=form), given)
    programs["YNNPACK"] = programs_of(library, given)
    band = shape.layer.band(shape.image)
    assert band is not None
    chosen = "by rows" if few(band, shape.channels, shape.features, here()) else XLA
    return Measured(prod(band), ratios_of(programs, XLA, rounds), chosen)
