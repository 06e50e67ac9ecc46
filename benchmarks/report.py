"""Results as Markdown and JSON, and the sections of README.md that hold the last run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Sample

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"
NUMBERS = FOLDER / "last_run.json"


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Result:
    """What one benchmark found.

    Args:
        tables: what there is to see.
        notes: a sentence each: bars, and whether they are met.
        numbers: the samples, for `last_run.json`.
    """

    tables: Sequence[Table]
    notes: Sequence[str] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        notes = "\n".join(f"- {note}" for note in self.notes)
        return "\n\n".join([*(table.markdown() for table in self.tables), notes]).strip()


def write(name: str, result: Result, about: str, command: str) -> None:
    """Put a result in its section of README.md, and its numbers in the JSON file."""
    put(name, f"{about}\n`{command}`\n\n{result.markdown()}")
    known = last_run() | {name: {"about": about, "command": command, **result.numbers}}
    NUMBERS.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def last_run() -> dict[str, Any]:
    """The numbers that are kept, by benchmarks."""
    return json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}


def put(name: str, text: str) -> None:
    """Fill a section of README.md."""
    start, end = f"<!-- {name}: last run -->", f"<!-- {name}: end -->"
    page = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    section = f"{start}\n{text}\n{end}"
    if not pattern.search(page):
        raise SystemExit(f"{README} has no section `{start}`")
    README.write_text(pattern.sub(lambda _: section, page), encoding="utf-8")


def speed(sample: Sample) -> str:
    """How much per second: whole numbers, or three digits of small ones."""
    return sample.text("{:,.0f}" if sample.median >= 100 else "{:.3g}")


def met(fine: bool) -> str:
    """How a note says whether its bar is met."""
    return "met" if fine else "**not met**"
