"""graphc where XLA leaves convolutions to YNNPACK, as it does unless it is told otherwise."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from benchmarks.machine import here
from benchmarks.peers import with_graphc

start = partial(with_graphc.start, forms=replace(here(), ynnpack=True))
settle = with_graphc.settle
