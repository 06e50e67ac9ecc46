"""graphc with products of bfloat16 numbers, which are added up in float32."""

from __future__ import annotations

from functools import partial

from benchmarks.peers import with_graphc

start = partial(with_graphc.start, settings=("train.precision=bfloat16",))
settle = with_graphc.settle
