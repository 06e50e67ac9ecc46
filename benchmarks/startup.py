"""How long the command line takes to answer, against an import of yaml and networkx.

Bytecode is kept in a folder of this run, as it is after an installation, whatever the environment
says about writing it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import ROOT

BAR = 2.0
REFERENCE = "python -c 'import yaml, networkx'"
SPEC = "specs/mnist_lenet5.yaml"
HEAVY = ("jax", "flax", "numpy")


def run(options: Options) -> Result:
    """Subprocesses, one of each in every round."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(options, environment_of(folder))


def environment_of(folder: str) -> dict[str, str]:
    """That of this process, with bytecode in a folder."""
    kept = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": folder}


def _measure(options: Options, environment: dict[str, str]) -> Result:
    arguments = {"graphc --help": ["--help"], f"graphc check {SPEC}": ["check", SPEC]}
    commands = {name: [*command_line(), *each] for name, each in arguments.items()}
    commands[REFERENCE] = [sys.executable, "-c", "import yaml, networkx"]
    actions = {name: _seconds(each, environment) for name, each in commands.items()}
    interleaved(actions, 2)  # writes the bytecode and fills the page cache
    rounds = options.rounds or (5 if options.quick else 21)
    times = interleaved(actions, rounds)
    rows, notes = [], []
    for name, sample in times.items():
        ratio = sample.over(times[REFERENCE])
        rows.append([f"`{name}`", sample.text("{:.3f}"), ratio.text("{:.2f}")])
        if name != REFERENCE:
            fine = met(ratio.median <= BAR)
            notes.append(f"`{name}` at most {BAR:g} times `{REFERENCE}`: {fine}")
    for name, each in arguments.items():
        found = _imported(each)
        notes.append(f"`{name}` imports none of {', '.join(HEAVY)}: {met(not found)}")
    table = Table(["command", "seconds: median (quartiles)", "ratio"], rows)
    numbers = {"rounds": rounds, "seconds": {name: each.values for name, each in times.items()}}
    return Result([table], notes, numbers)


def command_line() -> list[str]:
    """The installed script, which is what a user starts."""
    script = Path(sys.executable).with_name("graphc")
    return [str(script)] if script.exists() else [sys.executable, "-m", "graphc.cli.main"]


def _seconds(command: list[str], environment: dict[str, str]) -> Callable[[], float]:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
        return time.perf_counter() - started

    return once


def _imported(arguments: list[str]) -> list[str]:
    """Which of the heavy packages a command imports."""
    program = (
        "import sys; from graphc.cli.main import main; status = main(sys.argv[1:]); "
        f"print('imported:', *[name for name in {HEAVY!r} if name in sys.modules]); "
        "sys.exit(status)"
    )
    command = [sys.executable, "-c", program, *arguments]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return found.stdout.strip().splitlines()[-1].split()[1:]
