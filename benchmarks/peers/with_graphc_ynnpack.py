"""graphc where XLA leaves convolutions to YNNPACK, as it does unless it is told otherwise."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from benchmarks.peers import with_graphc
from graphc.core.forms import CPU

start = partial(with_graphc.start, forms=replace(CPU, ynnpack=True))
settle = with_graphc.settle
