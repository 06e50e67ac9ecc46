"""Convolutions of XLA against those row by row and those of YNNPACK, forward and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import prod

import jax

from benchmarks.forms import Ratios, programs_of, ratios_of, verdict, wrong
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc.core.forms import CPU, PRODUCTS, YNNPACK
from graphc.core.types import Type
from graphc.emit.library.convolution import by_rows, convolve
from graphc.ops.convolution import Conv
from graphc.passes.bands import few

BATCH = 128
WAYS = ("forward", "training")
XLA = "XLA"
XLA_ALONE = {YNNPACK: ",".join(PRODUCTS)}
"""What XLA is told where it is to compute convolutions itself."""
Given = tuple[jax.Array, jax.Array]
FORMS = ("by rows", "YNNPACK")
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
    columns = (f"{form}, {way}" for form in FORMS for way in WAYS)
    header = ("images and kernels", "numbers of the band", *columns, "chosen")
    looped, numbers["in a loop"] = _looped(SHAPES[-1:] if options.quick else SHAPES[-3:], rounds)
    tables = [Table(header, rows), looped]
    return Result(tables, verdict(notes), numbers)


def _looped(shapes: tuple[Shape, ...], rounds: int) -> tuple[Table, dict]:
    """The time of XLA's convolutions in a loop over that of as many calls."""
    found = {}
    for shape in shapes:
        given, library, _ = _forms(shape)
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
        cells = (self.ratios[form][way].text("{:.2f}") for form in FORMS for way in WAYS)
        return f"{self.size:,}", *cells, self.chosen

    def wrong(self, name: str) -> list[str]:
        """Where another form is faster."""
        return wrong(name, self.chosen, self.ratios, XLA)


def _forms(shape: Shape) -> tuple[Given, Callable, Callable]:
    """Images and a kernel, the library's convolution of them, and that by rows."""
    layer, image = shape.layer, shape.image
    kernel = jax.random.normal(jax.random.key(1), layer.weights(image)["kernel"].shape)
    x = jax.random.normal(jax.random.key(0), (BATCH, *image.shape))
    options = {"strides": shape.stride, "padding": shape.padding.upper()}

    def library(given: Given) -> jax.Array:
        return convolve(*given, **options)

    def rows(given: Given) -> jax.Array:
        return convolve(*given, **options, form=by_rows)

    return (x, kernel), library, rows


def _measured(shape: Shape, rounds: int) -> Measured:
    given, library, rows = _forms(shape)
    programs = {
        XLA: programs_of(library, given, options=XLA_ALONE),
        "by rows": programs_of(rows, given),
        "YNNPACK": programs_of(library, given),
    }
    band = shape.layer.band(shape.image)
    assert band is not None
    chosen = "by rows" if few(band, shape.channels, shape.features, CPU) else XLA
    return Measured(prod(band), ratios_of(programs, XLA, rounds), chosen)
