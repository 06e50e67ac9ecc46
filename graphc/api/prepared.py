"""What a run is made from, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphc.data.dataset import Dataset
    from graphc.runtime.origins import Origins
    from graphc.runtime.rundir import Blueprint
    from graphc.runtime.settings import Settings

Report = Callable[[Any], None]


@dataclass(frozen=True)
class Keeping:
    """What is kept of a run while it goes on; see `Model.train`."""

    cache: bool = True
    checkpoint_seconds: float = 10.0
    checkpoint_steps: int | None = None


@dataclass(frozen=True)
class Prepared:
    """The data, the spec with its program, how the run goes through it and where it starts."""

    dataset: Dataset
    blueprint: Blueprint
    settings: Settings
    origins: Origins | None


def listener(directory: Path, tensorboard: bool, report: Report) -> Report:
    """Tells `report`, and writes event files for TensorBoard if that is asked for."""
    if not tensorboard:
        return report
    from graphc.runtime.tensorboard import tensorboard as writer

    write = writer(directory.absolute())

    def tell(event: Any) -> None:
        report(event)
        write(event)

    return tell
