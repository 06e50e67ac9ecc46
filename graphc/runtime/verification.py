"""Proof that a run which is killed and resumed is the run that was never stopped.

Children train the spec as `graphc train` does; one is left alone, others get SIGKILL at random
moments after they have begun. What the last of them ends with is compared bit for bit.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic
from graphc.runtime import checkpoint
from graphc.runtime.checkpoint import Damaged
from graphc.runtime.errors import fail
from graphc.runtime.files import read_lines
from graphc.runtime.keeper import checkpoints, load_last

_POLL = 0.003
_SHOWN = 5
_CHECKPOINTS = 20
_CLOCKS = ("seconds", "compile_seconds", "examples_per_second")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Attributes:
        kills: how many children were killed.
        runs: how many killed runs came to their end and were compared.
        arrays: how many arrays each comparison had.
        epochs: of how many epochs the metrics were compared.
    """

    kills: int
    runs: int
    arrays: int
    epochs: int


def verify_resume(
    arguments: Sequence[str], folder: Path, kills: int, seed: int, say: Say = lambda text: None
) -> Verdict:
    """Train without a stop, and with `kills` of them, and compare.

    Args:
        arguments: of `graphc train`: the spec and its options.
        folder: where the runs are kept; it exists and is empty.
        seed: draws the moments.
        say: is told what happens.

    Raises:
        RunError: GC620 where a killed run came to something else or a saved checkpoint is
            damaged, GC621 where a child fails by itself.
    """
    whole = folder / "whole"
    _finish(_Child(arguments, whole))
    result = json.loads((whole / "result.json").read_text())
    say(f"never stopped: {result['epochs']} epochs, {result['steps']} steps")
    often = ("--checkpoint-steps", str(max(1, result["steps"] // _CHECKPOINTS)))
    draw, done, runs = random.Random(seed), 0, 0
    arrays = epochs = 0
    while done < kills or not runs:
        run = folder / f"killed-{runs}"
        command = (*arguments, *often)
        while done < kills:
            moment = draw.uniform(0, result["seconds"])
            if not _killed(_Child(command, run), moment):
                break
            done += 1
            say(f"kill {done}: {_whereabouts(run)}")
        else:
            _finish(_Child(command, run))
        runs += 1
        arrays, epochs = _compare(whole, run)
        say(f"run {runs} is the same as the one that was never stopped")
    return Verdict(done, runs, arrays, epochs)


class _Child:
    """A process that trains, or goes on with what one before it has begun."""

    def __init__(self, arguments: Sequence[str], run: Path) -> None:
        self._lines = run / "metrics.jsonl"
        self._before = self._file()
        resume = ["--resume"] if (run / "model.json").exists() else []
        command = [sys.executable, "-m", "graphc", "train", *arguments, "--run", str(run)]
        command += ["--checkpoint-seconds", "0", "--quiet", *resume]
        self.run = run
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def has_begun(self) -> bool:
        """Whether it has found out where to go on, which rewrites the history."""
        return self._file() != self._before

    def _file(self) -> int | None:
        return self._lines.stat().st_ino if self._lines.exists() else None


def _finish(child: _Child) -> None:
    """Wait for its end; raises RunError GC621 where it fails."""
    try:
        _, said = child.process.communicate()
    finally:
        child.process.kill()
    if child.process.returncode != 0:
        raise fail("GC621", "a run that was to be compared failed", None, tuple(_tail(said)))


def _tail(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()][:_SHOWN]


def _killed(child: _Child, seconds: float) -> bool:
    """Kill it so many seconds after it has begun; False where it was faster."""
    try:
        while child.process.poll() is None and not child.has_begun():
            time.sleep(_POLL)
        try:
            child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.communicate()
            _require_intact(child.run)
            return True
    finally:
        child.process.kill()
    _finish(child)
    return False


def _require_intact(run: Path) -> None:
    """Every checkpoint that has its name was saved, and must be as it was written."""
    for path in checkpoints(run / "checkpoints"):
        try:
            checkpoint.verify(path)
        except Damaged as error:
            raise fail("GC620", f"a kill damaged the checkpoint `{path.name}`: {error}") from error


def _whereabouts(run: Path) -> str:
    saved = checkpoints(run / "checkpoints")
    return f"saved up to step {int(saved[-1].name)}" if saved else "nothing was saved yet"


def _compare(whole: Path, killed: Path) -> tuple[int, int]:
    """Number of arrays and epochs that are equal bit for bit; raises RunError GC620."""
    one, two = (_arrays(each) for each in (whole, killed))
    epochs = _epochs(whole)
    different = [*_differences(one, two), *_changes(epochs, _epochs(killed))]
    if _result(whole) != _result(killed):
        different.append("the results differ")
    if different:
        message = "a run that was killed and resumed is not the run that was never stopped"
        raise fail("GC620", message, None, tuple(different[:_SHOWN]))
    return len(one), len(epochs)


def _arrays(run: Path) -> dict[str, np.ndarray]:
    def refuse(diagnostic: Diagnostic) -> None:
        raise fail("GC620", diagnostic.message)

    found = load_last(run / "checkpoints", refuse)
    if found is None:
        raise fail("GC620", f"`{run}` has no checkpoint at its end")
    return found.arrays


def _differences(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> Iterator[str]:
    for path in sorted(one.keys() | two.keys()):
        if path not in one or path not in two:
            yield f"the array `{path}` is only in one of them"
        elif one[path].dtype != two[path].dtype or one[path].tobytes() != two[path].tobytes():
            yield f"the array `{path}` differs"


def _changes(one: list[dict], two: list[dict]) -> Iterator[str]:
    for number, (before, after) in enumerate(zip_longest(one, two), 1):
        if before != after:
            yield f"the metrics of epoch {number} differ"


def _epochs(run: Path) -> list[dict]:
    lines = read_lines(run / "metrics.jsonl")
    return [_without_clocks(line) for line in lines if line["event"] == "epoch"]


def _result(run: Path) -> dict:
    return _without_clocks(json.loads((run / "result.json").read_text()))


def _without_clocks(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _CLOCKS}
