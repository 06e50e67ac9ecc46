"""How long large specs take to check and to compile, each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.measure import Sample, exponent, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import ROOT, generated
from graphc import compiler
from graphc.checker import check

SIZES = (1_000, 2_500, 5_000, 10_000)
BAR_SECONDS, BAR_EXPONENT = 10.0, 1.2
Times = dict[str, Sample]


def run(options: Options) -> Result:
    """CPU seconds of one thread, which other programs on the machine disturb the least."""
    sizes = SIZES[:2] if options.quick else SIZES
    rounds = options.rounds or (1 if options.quick else 5)
    found: dict[str, list[float]] = {}
    interleaved({str(size): _process(size, found) for size in sizes}, rounds)
    times = {key: Sample(tuple(each)) for key, each in found.items()}
    wall = times[f"check {sizes[-1]} wall"]
    notes = [
        f"{sizes[-1]:,} nodes checked in under {BAR_SECONDS:g} s: "
        + met(wall.median < BAR_SECONDS),
        *(_growth(what, sizes, times) for what in ("check", "compile")),
    ]
    table = Table(
        ["nodes", "check: CPU s", "check: wall s", "us per node", "compile (source): CPU s"],
        [_row(size, times) for size in sizes],
    )
    numbers = {"rounds": rounds, "seconds": {key: each.values for key, each in times.items()}}
    return Result([table], notes, numbers)


def _process(size: int, found: dict[str, list[float]]) -> Callable[[], float]:
    command = [sys.executable, "-m", "benchmarks.check", str(size)]

    def once() -> float:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for key, seconds in json.loads(done.stdout).items():
            found.setdefault(key, []).append(seconds)
        return 0.0

    return once


def _measure(size: int) -> dict[str, float]:
    """Seconds of the processor and of the clock, after a small spec that warms caches up."""
    compiler.compile(generated(100))
    source, seconds = generated(size), {}
    started, wall = time.process_time(), time.perf_counter()
    checked = check(source)
    seconds[f"check {size}"] = time.process_time() - started
    seconds[f"check {size} wall"] = time.perf_counter() - wall
    started = time.process_time()
    compiler.compile(checked)
    seconds[f"compile {size}"] = time.process_time() - started
    return seconds


def _row(size: int, times: Times) -> list[str]:
    check = times[f"check {size}"]
    names = (f"check {size}", f"check {size} wall", f"compile {size}")
    texts = [times[name].text("{:.2f}") for name in names]
    return [f"{size:,}", texts[0], texts[1], f"{check.median / size * 1e6:.0f}", texts[2]]


def _growth(what: str, sizes: tuple[int, ...], times: Times) -> str:
    found = exponent(sizes, [times[f"{what} {size}"].median for size in sizes])
    return f"{what} grows as nodes to the power {found:.2f}: {met(found <= BAR_EXPONENT)}"


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
