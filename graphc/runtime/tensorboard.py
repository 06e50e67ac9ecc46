"""The numbers and pictures of a run as TensorBoard reads them, beside its own files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graphc.data.png import size_of
from graphc.runtime import events
from graphc.runtime.errors import fail, writing
from graphc.runtime.events import Event
from graphc.runtime.files import read_lines

FOLDER = "tensorboard"


def tensorboard(directory: Path) -> Callable[[Event], None]:
    """A listener that writes a scalar for each number of an epoch, and each picture of samples.

    Steps are those of the run.

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
        self._steps: dict[int, int] = {}
        self._shown: set[Path] = set()

    def __call__(self, event: Event) -> None:
        match event:
            case events.Started():
                self._start()
            case events.EpochEnded():
                splits = {"train": event.train, "validation": event.validation or {}}
                self._write(event.epoch + 1, event.snapshot.position.step, splits)
            case events.Ended() | events.Stopping() | events.NotFinite() | events.Finished():
                with writing(self._directory / FOLDER):
                    self._show()
                self._writer.close()

    def _start(self) -> None:
        """Begin anew with the epochs that were done: a resumed run has no point twice."""
        folder = self._directory / FOLDER
        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            self._writer = self._make(str(folder))
        self._steps, self._shown = {}, set()
        for line in read_lines(self._directory / "metrics.jsonl"):
            if line["event"] == "epoch":
                splits = {name: line.get(name, {}) for name in ("train", "validation")}
                self._write(line["epoch"], line["step"], splits)

    def _write(self, epoch: int, step: int, splits: Mapping[str, Mapping[str, Any]]) -> None:
        """What was measured after an epoch, and pictures that are new since the one before."""
        self._steps[epoch] = step
        with writing(self._directory / FOLDER):
            for split, metrics in splits.items():
                for name, value in metrics.items():
                    if isinstance(value, (int, float)):
                        self._writer.add_scalar(f"{name}/{split}", value, step)
            self._show()
            self._writer.flush()

    def _show(self) -> None:
        """Write the pictures of samples of known epochs that are not written yet.

        They are the files of the run as they stand, which `add_image` would decode and draw anew.
        """
        for path in sorted(self._directory.glob("samples/*/epoch_*.png")):
            step = self._steps.get(int(path.stem.removeprefix("epoch_")))
            if step is not None and path not in self._shown:
                self._shown.add(path)
                summary = _summary(f"samples/{path.parent.name}", path.read_bytes())
                self._writer.file_writer.add_summary(summary, step)


def _summary(tag: str, file: bytes) -> Any:
    """A PNG file as TensorBoard has it."""
    from tensorboardX.proto.summary_pb2 import Summary

    height, width, channels = size_of(file)
    image = Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=file
    )
    return Summary(value=[Summary.Value(tag=tag, image=image)])
