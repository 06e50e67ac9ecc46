"""Cross-validation: the runs of the folds in one directory, and what came out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphc.runtime.errors import fail, writing
from graphc.runtime.files import write_json

_SPLITS = ("train", "validation", "test")
SUMMARY = "summary.json"


def fold_of(directory: Path, number: int) -> Path:
    """The directory of a fold's run."""
    return directory / f"fold-{number}"


def folds_in(directory: Path) -> list[Path]:
    """The directories of the folds that were begun, in order; empty where it holds none.

    Example:
        >>> folds_in(Path("nowhere"))
        []
    """
    begun = []
    while fold_of(directory, len(begun)).is_dir():
        begun.append(fold_of(directory, len(begun)))
    return begun


def begin(directory: Path, resume: bool) -> None:
    """Make the directory of the folds, or with `resume` go on in one.

    Raises:
        RunError: GC605 where it is in use, GC606 where there is nothing to resume, GC604.
    """
    if resume:
        if not fold_of(directory, 0).is_dir():
            message = f"`{directory}` holds no folds to go on with"
            raise fail("GC606", message, "leave `--resume` out")
        return
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        message = f"`{directory}` is not empty"
        help = "continue it with `--resume`, or name another directory"
        raise fail("GC605", message, help)
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)


def finished(path: Path, epochs: int) -> dict[str, Any] | None:
    """The result of a fold that was trained for so many epochs, or None."""
    try:
        result = json.loads((path / "result.json").read_bytes())
    except (OSError, ValueError):
        return None
    return result if result.get("epochs", 0) >= epochs else None


def summarize(directory: Path, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean of each number over the folds and its standard deviation, kept in the directory."""
    found: dict[str, Any] = {"folds": len(results)}
    for split in _SPLITS:
        several = [each[split] for each in results if split in each]
        if len(several) == len(results):
            found[split] = {
                name: _measured([each[name] for each in several])
                for name, value in several[0].items()
                if isinstance(value, (int, float))
            }
    write_json(directory / SUMMARY, found)
    return found


def _measured(values: list[float]) -> dict[str, Any]:
    deviation = float(np.std(values, ddof=1))
    return {"mean": float(np.mean(values)), "deviation": deviation, "values": values}


def folds_as_text(found: Mapping[str, Any]) -> str:
    """A line for each split: `validation loss 0.1234 ± 0.0123  accuracy 0.9500 ± 0.0200`."""
    lines = []
    for split in _SPLITS:
        if split in found:
            measures = sorted(found[split].items(), key=lambda each: (each[0] != "loss", each[0]))
            parts = (
                f"{name} {each['mean']:.4f} ± {each['deviation']:.4f}" for name, each in measures
            )
            lines.append(f"{split} {'  '.join(parts)} over {found['folds']} folds\n")
    return "".join(lines)
