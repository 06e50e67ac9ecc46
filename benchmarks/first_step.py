"""How long it takes from the command to the end of the first training step of an MLP.

An epoch is one step, after which both forms write a line.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measure import interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import ROOT, first_step
from benchmarks.startup import command_line, environment_of
from benchmarks.workloads import IMAGE, WORKLOADS, synthetic

AIMS = {"cold": 1.3, "warm": 0.6}
"""How many times the seconds of NNX without a cache graphc may take."""
FORMS = {
    "graphc": ("`graphc train --no-cache`", "`graphc train`, programs kept"),
    "nnx": ("NNX by hand", "NNX by hand, programs kept"),
}
ROUNDS = 11


def run(options: Options) -> Result:
    """A process each; what is kept between them was written before."""
    with tempfile.TemporaryDirectory() as folder:
        actions = _actions(Path(folder))
        interleaved(actions, 1)  # writes bytecode and programs
        times = interleaved(actions, options.rounds or (2 if options.quick else ROUNDS))
    first = times["nnx, cold"]
    rows, seconds = [], {}
    for form, titles in FORMS.items():
        for word, title in zip(AIMS, titles, strict=True):
            sample = times[f"{form}, {word}"]
            ratio = sample.over(first).text("{:.2f}")
            rows.append([title, sample.text("{:.2f}"), ratio])
            seconds[f"{form}, {word}"] = sample.values
    header = ["first step", "seconds: median (quartiles)", "ratio to NNX by hand"]
    notes = []
    for word, aim in AIMS.items():
        low, _ = times[f"graphc, {word}"].over(first).quartiles
        notes.append(f"graphc, {word}, at most {aim:g} times NNX, cold: {met(low <= aim)}")
    return Result([Table(header, rows)], notes, {"seconds": seconds})


def _actions(folder: Path) -> dict[str, Callable[[], float]]:
    workload = WORKLOADS["mlp"]
    batch = {name: each[: workload.batch] for name, each in synthetic(workload).items()}
    np.savez(folder / "batch.npz", **batch)
    spec = folder / "mlp.yaml"
    spec.write_text(first_step(IMAGE, workload.widths, workload.batch).text, encoding="utf-8")
    train = [*command_line(), "train", str(spec)]
    nnx = [sys.executable, "-m", "benchmarks.peers.first_step", str(folder / "batch.npz")]
    plain = environment_of(str(folder / "bytecode"))
    plain.pop("JAX_COMPILATION_CACHE_DIR", None)
    kept = {"XDG_CACHE_HOME": str(folder / "kept")}
    # As much as graphc keeps.
    kept_by_jax = {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "kept_by_jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
    }
    return {
        "graphc, cold": _seconds([*train, "--no-cache"], plain, folder),
        "graphc, warm": _seconds(train, plain | kept, folder),
        "nnx, cold": _seconds(nnx, plain, folder),
        "nnx, warm": _seconds(nnx, plain | kept_by_jax, folder),
    }


def _seconds(command: list[str], environment: dict[str, str], folder: Path) -> Callable:
    """Says how long it is to the line that a command writes after its first epoch."""

    def once() -> float:
        run = ["--run", tempfile.mkdtemp(dir=folder)] if "train" in command else []
        started = time.perf_counter()
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [*command, *run],
            stderr=pipe,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environment,
        ) as process:
            assert process.stderr is not None
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.startswith("epoch 1/1"):
                    seconds = time.perf_counter() - started
                    process.communicate()
                    return seconds
        raise SystemExit(f"no first step of {command}:\n{''.join(lines)}")

    return once
