"""The numbers of a run as TensorBoard reads them, beside `metrics.jsonl`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graphc.runtime import events
from graphc.runtime.errors import fail, writing
from graphc.runtime.events import Event
from graphc.runtime.files import read_lines

FOLDER = "tensorboard"


def tensorboard(directory: Path) -> Callable[[Event], None]:
    """A listener that writes a scalar for each number of an epoch; steps are those of the run.

    Args:
        directory: of the run.

    Raises:
        RunError: GC623 where tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        help = "`pip install graphc[tensorboard]`"
        raise fail("GC623", "event files need the package tensorboardX", help) from error
    return _Listener(directory, SummaryWriter)


class _Listener:
    def __init__(self, directory: Path, make: Callable[..., Any]) -> None:
        self._directory, self._make = directory, make
        self._writer: Any = None

    def __call__(self, event: Event) -> None:
        match event:
            case events.Started():
                self._start()
            case events.EpochEnded():
                splits = {"train": event.train, "validation": event.validation or {}}
                self._write(event.snapshot.position.step, splits)
            case events.Ended() | events.Stopping() | events.NotFinite() | events.Finished():
                self._writer.close()

    def _start(self) -> None:
        """Begin anew with the epochs that were done: a resumed run has no point twice."""
        folder = self._directory / FOLDER
        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            self._writer = self._make(str(folder))
        for line in read_lines(self._directory / "metrics.jsonl"):
            if line["event"] == "epoch":
                splits = {name: line.get(name, {}) for name in ("train", "validation")}
                self._write(line["step"], splits)

    def _write(self, step: int, splits: Mapping[str, Mapping[str, Any]]) -> None:
        with writing(self._directory / FOLDER):
            for split, metrics in splits.items():
                for name, value in metrics.items():
                    if isinstance(value, (int, float)):
                        self._writer.add_scalar(f"{name}/{split}", value, step)
            self._writer.flush()
