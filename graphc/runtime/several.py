"""Several runs in one directory, and what came out of them all.

Each is an ordinary run, `fold-0`, `fold-1`, ... in the directory; `summary.json` beside them holds
the mean of each number and its standard deviation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graphc.core.diagnostic import RunError
from graphc.runtime.errors import fail, writing
from graphc.runtime.files import write_json
from graphc.runtime.progress import numbers

_SPLITS = ("train", "validation", "test")
SUMMARY = "summary.json"
KINDS = {
    "fold": "the folds of a cross-validation",
    "member": "the members of an ensemble",
    "seed": "runs with several seeds",
    "trial": "the trials of a search",
}
"""What runs of one directory are, by the word that their names begin with."""
_MARK = "model.json"
_NAME = re.compile(f"({'|'.join(KINDS)})-([0-9]+)")


def kind_of(run: str | Path) -> str:
    """The kind of one of several runs.

    Example:
        >>> kind_of("runs/wine/fold-0")
        'fold'
    """
    return Path(run).name.partition("-")[0]


def runs_in(directory: Path) -> list[Path]:
    """The directories of the runs that were begun, in order; empty where it holds none.

    Example:
        >>> runs_in(Path("nowhere"))
        []
    """
    if not directory.is_dir():
        return []
    matches = ((_NAME.fullmatch(each.name), each) for each in directory.iterdir() if each.is_dir())
    found = [(match[1], int(match[2]), each) for match, each in matches if match]
    return [each for _, _, each in sorted(found)]


def one_of_several(directory: Path) -> RunError | None:
    """What is wrong with a directory of several runs where one is wanted; None for others."""
    runs = runs_in(directory)
    if not runs:
        return None
    message = f"`{directory}` holds {KINDS[kind_of(runs[0])]}, which are a run each"
    return fail("GC606", message, f"name one of them: `{runs[0]}`")


def begin(directory: Path, resume: bool) -> None:
    """Make the directory of several runs, or with `resume` go on in one.

    Raises:
        RunError: GC605 where it is in use, GC606 where there is nothing to resume, GC604.
    """
    if resume:
        if not runs_in(directory):
            message = f"`{directory}` holds no runs to go on with"
            raise fail("GC606", message, "leave `--resume` out")
        return
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        message = f"`{directory}` is not empty"
        help = "continue it with `--resume`, or name another directory"
        raise fail("GC605", message, help)
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)


def begun(path: Path) -> bool:
    """Whether there is a run to go on with: a killed process may leave less than one."""
    return (path / _MARK).exists()


def slots_of(path: Path) -> int | None:
    """How many runs were trained side by side with this one, itself included; None if not begun."""
    try:
        return json.loads((path / _MARK).read_bytes())["settings"].get("slots", 1)
    except (OSError, ValueError, KeyError):
        return None


def finished(path: Path, epochs: int) -> dict[str, Any] | None:
    """The result of a run that was trained for so many epochs, or None."""
    try:
        result = json.loads((path / "result.json").read_bytes())
    except (OSError, ValueError):
        return None
    return result if result.get("epochs", 0) >= epochs else None


def summarize(
    directory: Path, results: Mapping[str, Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """The mean of each number over the runs and its standard deviation, kept in the directory.

    Args:
        results: of each run, by its name; at least one.
        more: what is known beside.
    """
    found: dict[str, Any] = {"runs": list(results), **more}
    for split in _SPLITS:
        several = [each[split] for each in results.values() if split in each]
        if len(several) == len(results):
            found[split] = {
                name: _measured([each[name] for each in several])
                for name, value in several[0].items()
                if isinstance(value, (int, float))
            }
    write_json(directory / SUMMARY, found)
    return found


def _measured(values: list[float]) -> dict[str, Any]:
    """The deviation is that of a sample, which one value alone does not have."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation, "values": values}


def summary_text(found: Mapping[str, Any]) -> str:
    """A line for each split: `validation loss 0.1234 ± 0.0123  accuracy 0.9500 ± 0.0200`."""
    count, kind = len(found["runs"]), kind_of(found["runs"][0])
    over = f"{count} {kind}" if count == 1 else f"{count} {kind}s"
    lines = []
    for split in _SPLITS:
        if split in found:
            measures = sorted(found[split].items(), key=lambda each: (each[0] != "loss", each[0]))
            parts = (f"{name} {_text(**each)}" for name, each in measures)
            lines.append(f"{split} {'  '.join(parts)} over {over}\n")
    for split, measures in found.get("ensemble", {}).items():
        lines.append(f"ensemble {split} {numbers(measures)}\n")
    return "".join(lines)


def _text(mean: float, deviation: float | None, values: list[float]) -> str:
    del values
    return f"{mean:.4f}" if deviation is None else f"{mean:.4f} ± {deviation:.4f}"
