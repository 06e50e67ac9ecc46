"""The compiled training step as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graphc.core.sizes import size, three
from graphc.core.span import Source
from graphc.insight.analysis import StepAnalysis
from graphc.insight.roofline import Peaks, Row, Work
from graphc.insight.table import aligned, place, short

HEADER = ("node", "operation", "FLOPs", "bytes", "FLOPs/byte", "at least", "bound by", "line")
RIGHT = (2, 3, 4, 5, 7)
MEMORY = (
    ("state", "state", "parameters, statistics, the state of the optimiser"),
    ("batch", "batch", "what a step is given beside it"),
    ("temporaries", "temporaries", "what is kept for the way back, and all else within the step"),
    ("outputs", "outputs", ""),
)


def compiled_text(found: StepAnalysis, source: Source) -> str:
    """The memory, the work and its bounds, then a row for each node."""
    examples = "1 example" if found.examples == 1 else f"{found.examples:,} examples"
    lines = [f"a training step of {examples}, compiled for {found.device}", ""]
    lines += [*_memory(found), "", *_work(found), "", *_table(found, source)]
    return "\n".join(lines) + "\n"


def compiled_dict(found: StepAnalysis) -> dict[str, Any]:
    """The same as plain data: bytes, floating point operations and seconds."""
    memory, peaks = found.xla.memory, found.peaks
    words = ("state", "batch", "temporaries", "outputs", "donated", "peak", "data")
    step = _xla(found)
    return {
        "device": found.device,
        "examples": found.examples,
        "memory": {word: getattr(memory, word) for word in words},
        "xla": {"flops": step.all_flops, "bytes": step.bytes, "loops": found.xla.loops},
        "peaks": {"flops": dict(peaks.flops), "bandwidth": peaks.bandwidth},
        "nodes": [_row(each, peaks) for each in found.rows],
    }


def _row(row: Row, peaks: Peaks) -> dict[str, Any]:
    return {
        "name": row.name,
        "depth": row.depth,
        "operation": row.operation,
        "flops": row.work.all_flops,
        "bytes": row.work.bytes,
        "seconds": row.seconds,
        "bound": row.work.bound(peaks) or None,
        "line": row.span.line if row.span is not None and row.span.line else None,
    }


def _memory(found: StepAnalysis) -> Iterator[str]:
    memory = found.xla.memory
    yield f"memory: {size(memory.peak)} at most, by XLA's plan"
    donated = f"of which {size(memory.donated)} take the place of the state"
    cells = [
        (f"  {title}", size(getattr(memory, word)), text or donated) for word, title, text in MEMORY
    ]
    if memory.data:
        cells.append(("  data", size(memory.data), "the training split, beside all this"))
    yield from aligned(cells, (1,))


def _work(found: StepAnalysis) -> Iterator[str]:
    peaks, counted = found.peaks, found.rows[-1].work
    rates = ", ".join(f"{short(int(rate))}FLOP/s in {word}" for word, rate in peaks.flops.items())
    yield f"the device, as measured: {rates}; {size(peaks.bandwidth)}/s of memory"
    cells = [("work of a step", "FLOPs", "bytes", "products", "memory", "bound by")]
    for word, work in (("  by XLA", _xla(found)), ("  by the nodes", counted)):
        times = seconds(work.computing(peaks)), seconds(work.moving(peaks))
        flops, moved = short(int(work.all_flops)), size(work.bytes)
        cells.append((word, flops, moved, *times, work.bound(peaks)))
    yield from aligned(cells, (1, 2, 3, 4))
    if found.xla.loops:
        yield "  (XLA counts one round of each loop, the nodes all of them)"


def _xla(found: StepAnalysis) -> Work:
    """What XLA counts, as products of the precision that most of the nodes have."""
    flops = found.rows[-1].work.flops
    most = max(flops, key=lambda word: flops[word], default="float32")
    return Work({most: found.xla.flops}, found.xla.bytes)


def _table(found: StepAnalysis, source: Source) -> list[str]:
    cells: list[Sequence[str]] = [HEADER]
    cells += [_cells(each, found.peaks, source) for each in found.rows]
    lines = aligned(cells, RIGHT)
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _cells(row: Row, peaks: Peaks, source: Source) -> Sequence[str]:
    work, name = row.work, "  " * row.depth + row.name
    flops = short(int(work.all_flops))
    if not work.bytes:
        return name, row.operation, flops, "", "", "", "", place(row.span, source)
    ratio = f"{work.all_flops / work.bytes:.1f}"
    times = seconds(row.seconds), work.bound(peaks)
    return name, row.operation, flops, size(work.bytes), ratio, *times, place(row.span, source)


def seconds(number: float) -> str:
    """A time to three digits: `0.31 us`, `12.3 ms`, `1.21 s`."""
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        if number * factor < 999.5:
            return f"{three(number * factor)} {unit}"
    return f"{three(number)} s"
