"""Amounts of memory, as they are written and shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphc.core.attributes import Kind
from graphc.core.tree import Scalar, Tree

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SIZE = re.compile(rf"([0-9]+(?:\.[0-9]+)?) ?({'|'.join(UNITS)})")


@dataclass(frozen=True)
class Bytes(Kind):
    """An amount of memory: `500 MiB`, `1.5 GiB`."""

    def read(self, tree: Tree) -> int:
        found = _SIZE.fullmatch(tree.text) if isinstance(tree, Scalar) else None
        count = int(float(found[1]) * 1024 ** UNITS.index(found[2])) if found else 0
        if not count:
            raise self.refuse(tree, "write `500 MiB` or `1.5 GiB`")
        return count

    def write(self, value: object) -> object:
        assert isinstance(value, int)
        unit = max(each for each in range(len(UNITS)) if value % 1024**each == 0)
        return f"{value // 1024**unit} {UNITS[unit]}"

    def schema(self) -> dict:
        return {"type": "string", "pattern": f"^{_SIZE.pattern}$"}

    def __str__(self) -> str:
        return "an amount of memory"


def size(number: float) -> str:
    """Bytes to three digits: `950 B`, `12.3 KiB`, `1.21 GiB`."""
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{three(value) if unit else int(value)} {UNITS[unit]}"


def three(value: float) -> str:
    """Three digits of a number below 1,000."""
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}"
