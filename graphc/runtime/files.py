"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from graphc.runtime.errors import writing


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path`: whoever reads sees the old file or the new one, never a part.

    Raises:
        RunError: GC604 or GC608; the old file is then untouched.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """`write_text` of bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        try:
            write_durably(temporary, data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`write_text` of a JSON document; what is not finite becomes a string."""
    write_text(path, json.dumps(printable(value), indent=1, allow_nan=False) + "\n")


def append_line(path: Path, value: Any) -> None:
    """Add one line of JSON to `path`.

    Raises:
        RunError: GC604 or GC608.
    """
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(printable(value), allow_nan=False) + "\n")


def read_lines(path: Path) -> list[dict]:
    """The lines that `append_line` wrote; one that was cut off by a crash is dropped."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return found


def write_durably(path: Path, data: bytes) -> None:
    """Write, and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def printable(value: Any) -> Any:
    """`value` with NaN and infinities, which JSON lacks, as the strings nan, inf and -inf."""
    if isinstance(value, dict):
        return {str(key): printable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
