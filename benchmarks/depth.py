"""How long the training step of a highway network takes to compile, by its depth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import ROOT, highway

DEPTHS = (10, 50, 200, 1_000)
BAR = 1.5


def run(options: Options) -> Result:
    """Each compilation in a fresh process, nothing kept from one to the next."""
    depths = (10, 1_000) if options.quick else DEPTHS
    rounds = options.rounds or (2 if options.quick else 9)
    source: dict[str, list[float]] = {}
    actions = {str(depth): _process(depth, source) for depth in depths}
    times = interleaved(actions, rounds)
    first = times[str(depths[0])]
    table = Table(
        ["blocks", "training step, s", f"ratio to {depths[0]}", "spec to source, s"],
        [_row(str(depth), times, source, first) for depth in depths],
    )
    ratio = times[str(depths[-1])].over(first)
    bar = f"{depths[-1]:,} blocks at most {BAR} times {depths[0]}"
    note = f"{bar}: {ratio.text('{:.2f}')}, {met(ratio.median <= BAR)}"
    seconds = {name: each.values for name, each in times.items()}
    return Result([table], [note], {"rounds": rounds, "seconds": seconds, "source": source})


def _row(
    depth: str, times: dict[str, Sample], source: dict[str, list[float]], first: Sample
) -> list[str]:
    sample = times[depth]
    texts = (sample.text("{:.2f}"), sample.over(first).text("{:.2f}"))
    return [f"{int(depth):,}", *texts, Sample(tuple(source[depth])).text("{:.3f}")]


def _process(depth: int, source: dict[str, list[float]]) -> Callable[[], float]:
    command = [sys.executable, "-m", "benchmarks.depth", str(depth)]
    cache = "JAX_COMPILATION_CACHE_DIR"
    environment = {name: each for name, each in os.environ.items() if name != cache}

    def once() -> float:
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )
        found = json.loads(done.stdout)
        source.setdefault(str(depth), []).append(found["source"])
        return found["step"]

    return once


def _measure(depth: int) -> dict[str, float]:
    """Seconds from the spec to the source, and of tracing, lowering and compiling the step."""
    import time

    import jax

    from benchmarks.emitted import emitted, program_shapes
    from graphc import compiler

    jax.devices()
    started = time.perf_counter()
    compiler.compile(highway(depth))
    source = time.perf_counter() - started
    each = emitted(highway(depth))
    program = each.programs.train
    program.compile(*program_shapes(each, (28, 28, 1)))
    return {"source": source, "step": program.seconds}


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
