"""Which checkpoints stay: the last few, and the best by a validation metric."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic
from graphc.runtime import checkpoint
from graphc.runtime.checkpoint import Checkpoint, Damaged
from graphc.runtime.errors import fail
from graphc.runtime.events import Position


@dataclass(frozen=True)
class Offer:
    """A moment that could be saved.

    Attributes:
        arrays: makes the arrays; good until the loop goes on.
        position: where the run stands.
        value: the validation metric there, if it is known.
        more: further plain data to keep.
    """

    arrays: Callable[[], dict[str, np.ndarray]]
    position: Position
    value: float | None
    more: Mapping[str, Any]


class Keeper:
    """Writes checkpoints to a folder and clears those that are not needed.

    Args:
        folder: holds one folder for each checkpoint, named by its step.
        every: at least so many seconds lie between two writes, so that short epochs are not spent
            on the disk; the best of them is kept in memory until then.
        maximize: whether a larger metric is better.
        keep: how many of the last ones stay.
        start: where a resumed run goes on; what lies after it was damaged, and is cleared.
    """

    def __init__(
        self,
        folder: Path,
        every: float = 0.0,
        maximize: bool = False,
        keep: int = 2,
        start: Position | None = None,
    ) -> None:
        self.folder, self.every, self.maximize, self.keep = folder, every, maximize, keep
        self.best: float | None = None
        self._waiting: tuple[Offer, dict[str, np.ndarray]] | None = None
        self._offered: Offer | None = None
        self._written, self._last = time.monotonic(), start
        for path in folder.glob(".*"):  # what a killed process was writing or clearing
            shutil.rmtree(path, ignore_errors=True)
        for path in checkpoints(folder):
            if start is not None and int(path.name) > start.step:
                _remove(path)
            elif self._better(value := _about(path).get("value")):
                self.best = value

    def offer(self, moment: Offer, now: bool = False) -> Path | None:
        """Save the moment if it is time to, or `now`; returns the folder written, if any.

        Raises:
            RunError: GC604 or GC608; the checkpoints before it are untouched.
        """
        before = self._offered
        if moment.value is None and before is not None and before.position == moment.position:
            moment = replace(moment, value=before.value)
        self._offered = moment
        if self._better(moment.value):
            self.best, self._waiting = moment.value, (moment, moment.arrays())
        if not now and time.monotonic() - self._written < self.every:
            return None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._write(*waiting)
        if self._last == moment.position:
            return self._path(moment) if waiting is not None else None
        return self._write(moment, moment.arrays())

    def _write(self, moment: Offer, arrays: dict[str, np.ndarray]) -> Path:
        about = {"position": asdict(moment.position), "value": moment.value, **moment.more}
        checkpoint.write(self._path(moment), arrays, about)
        self._last, self._written = moment.position, time.monotonic()
        self._prune()
        return self._path(moment)

    def _path(self, moment: Offer) -> Path:
        return self.folder / f"{moment.position.step:08d}"

    def _better(self, value: Any) -> bool:
        if not isinstance(value, (int, float)) or value != value:
            return False
        if self.best is None:
            return True
        return value > self.best if self.maximize else value < self.best

    def _prune(self) -> None:
        paths = checkpoints(self.folder)
        values = [_about(path).get("value") for path in paths]
        keep = set(paths[-self.keep :])
        best = zip(paths, values, strict=True)
        # Of several that are as good the first is the best one, as for `load_best`.
        keep |= set([path for path, value in best if value is not None and value == self.best][:1])
        for path in paths:
            if path not in keep:
                _remove(path)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first; what was being written is none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.isdigit() and path.is_dir())


def load_last(folder: Path, warn: Callable[[Diagnostic], None]) -> Checkpoint | None:
    """The newest intact checkpoint, or None where none was ever saved.

    Damaged ones are skipped, each with a warning (GC611).

    Raises:
        RunError: GC602 where there are some and all are damaged.
    """
    return _first(list(reversed(checkpoints(folder))), folder, warn)


def load_best(
    folder: Path, maximize: bool, warn: Callable[[Diagnostic], None]
) -> Checkpoint | None:
    """The intact checkpoint with the best metric; the newest one where none has a metric.

    Raises:
        RunError: GC602, as `load_last`.
    """

    def rank(path: Path) -> tuple:
        value = _about(path).get("value")
        if not isinstance(value, (int, float)):
            return (1, 0.0, -int(path.name))
        return (0, -value if maximize else value, int(path.name))

    return _first(sorted(checkpoints(folder), key=rank), folder, warn)


def _first(
    paths: list[Path], folder: Path, warn: Callable[[Diagnostic], None]
) -> Checkpoint | None:
    for path in paths:
        try:
            return checkpoint.read(path)
        except Damaged as error:
            message = f"the checkpoint `{path}` is damaged and was skipped: {error}"
            warn(Diagnostic("GC611", message, severity="warning"))
    if paths:
        help = "start the run again in another directory"
        raise fail("GC602", f"no checkpoint in `{folder}` is intact", help)
    return None


def _remove(folder: Path) -> None:
    """Clear a folder, which loses its name first: what a kill leaves of it is no checkpoint."""
    hidden = folder.with_name(f".{folder.name}.removed")
    with contextlib.suppress(OSError):
        os.replace(folder, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _about(path: Path) -> dict[str, Any]:
    """What a checkpoint says of itself, without being verified; nothing where it cannot."""
    try:
        found = json.loads((path / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
