"""Whether examples are put into the memory, or stay on the disk until a step needs them."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from graphc.core.operation import ShapeError
from graphc.core.types import Type
from graphc.data.examples import Examples
from graphc.ops.images import classes_of, files_of
from graphc.ops.sources import ArraySource, ImageFolder, Npz, TableSource
from graphc.ops.tables import npz_headers

STREAMED = (Npz, TableSource, ImageFolder)
"""Sources that may stay on the disk; those of others are in memory before they are used."""

# Beside the prepared arrays there are those that they are made of, and those on the device.
_COPIES = 4
# Cells of a table are read as texts first.
_TEXTS = 8
_NUMBER = 4


@dataclass(frozen=True)
class Limit:
    """How much fits into memory.

    Args:
        device: the bytes of the memory of the device, where that is not the host.
    """

    device: int | None = None

    def streams(self, source: ArraySource, count: Callable[[], int]) -> bool:
        """Whether prepared arrays are streamed, whose bytes are counted where that matters."""
        if isinstance(source.stream, bool):
            return source.stream
        size = count()
        too_much = self.device is not None and 2 * size > self.device
        return too_much or _COPIES * size > available()


def estimate(source: ArraySource, folder: str) -> int:
    """About how many bytes the prepared arrays of a source of files will have, 0 if unknown."""
    try:
        return _estimate(source, folder)
    except ShapeError:
        return 0  # what is wrong is said where it is read


def _estimate(source: ArraySource, folder: str) -> int:
    if isinstance(source, Npz):
        fields = source.fields(folder)
        files = [source.file(folder), *source.further_files(folder).values()]
        headers = (npz_headers(file, tuple(fields)) for file in files)
        return sum(_NUMBER * prod(shape) for each in headers for shape, _ in each.values())
    if isinstance(source, TableSource):
        files = [source.file(folder), *source.further_files(folder).values()]
        return sum(os.path.getsize(file) for file in files) * _TEXTS // _COPIES
    if isinstance(source, ImageFolder):
        paths = [source.path, *([source.test_path] if source.test_path else [])]
        places = [source.place(folder, path) for path in paths]
        count = sum(len(files_of(each, name)) for each in places for name in classes_of(each))
        return count * _size(source.fields(folder))
    return 0


def size_of(examples: Examples) -> int:
    """How many bytes the prepared arrays will have."""
    several = examples.parts().values()
    return sum(len(next(iter(each.values()))) for each in several) * _size(examples.fields)


def available() -> int:
    """How many bytes of memory this process may still use."""
    limits = [_free(), _of_group(), resource.getrlimit(resource.RLIMIT_AS)[0]]
    return min(each for each in limits if each > 0)


def _free() -> int:
    """What the system has left."""
    try:
        rows = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        return next(1024 * int(words[1]) for words in rows if words[0] == "MemAvailable:")
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_group() -> int:
    """What a container leaves its processes; -1 where there is none."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        used = (group / "memory.current").read_text().strip()
        return -1 if limit == "max" else max(1, int(limit) - int(used))
    except (OSError, ValueError):
        return -1


def _size(fields: Mapping[str, Type]) -> int:
    """The bytes of one example."""
    return _NUMBER * sum(each.size for each in fields.values())
