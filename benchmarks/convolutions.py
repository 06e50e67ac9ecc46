"""Convolutions of XLA against those row by row and those of YNNPACK, forward and back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import jax

from benchmarks.forms import programs_of, ratios_of
from benchmarks.measure import Sample
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
FORMS = ("by rows", "YNNPACK")


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
    wrong = [f"{name}: {each.wrong}" for name, each in found.items() if each.wrong]
    numbers = {
        name: {form: {way: ways[way].values for way in WAYS} for form, ways in each.ratios.items()}
        for name, each in found.items()
    }
    columns = (f"{form}, {way}" for form in FORMS for way in WAYS)
    header = ("images and kernels", "numbers of the band", *columns, "chosen")
    return Result([Table(header, rows)], wrong or ["the table is right everywhere"], numbers)


@dataclass(frozen=True)
class Measured:
    """The time of XLA's convolution over that of each other form, by the form and the way."""

    size: int
    ratios: dict[str, dict[str, Sample]]
    chosen: str

    @property
    def row(self) -> tuple[str, ...]:
        cells = (self.ratios[form][way].text("{:.2f}") for form in FORMS for way in WAYS)
        return f"{self.size:,}", *cells, self.chosen

    @property
    def wrong(self) -> str:
        """Where all of the middle half of training says that another form is faster."""
        quartiles = {form: self.ratios[form]["training"].quartiles for form in FORMS}
        faster = [form for form in FORMS if quartiles[form][0] > 1]
        if self.chosen != XLA:
            return f"chosen {self.chosen}, and XLA is faster" * (quartiles[self.chosen][1] < 1)
        return f"chosen XLA's, and faster is {', '.join(faster)}" if faster else ""


def _measured(shape: Shape, rounds: int) -> Measured:
    layer, image = shape.layer, shape.image
    kernel = jax.random.normal(jax.random.key(1), layer.weights(image)["kernel"].shape)
    x = jax.random.normal(jax.random.key(0), (BATCH, *image.shape))
    options = {"strides": shape.stride, "padding": shape.padding.upper()}

    def library(given: tuple[jax.Array, jax.Array]) -> jax.Array:
        return convolve(*given, **options)

    def rows(given: tuple[jax.Array, jax.Array]) -> jax.Array:
        return convolve(*given, **options, form=by_rows)

    programs = {
        XLA: programs_of(library, (x, kernel), options={YNNPACK: ",".join(PRODUCTS)}),
        "by rows": programs_of(rows, (x, kernel)),
        "YNNPACK": programs_of(library, (x, kernel)),
    }
    band = layer.band(image)
    assert band is not None
    chosen = "by rows" if few(band, shape.channels, shape.features, CPU) else XLA
    return Measured(prod(band), ratios_of(programs, XLA, rounds), chosen)
