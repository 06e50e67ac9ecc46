"""Results as Markdown and JSON, and the sections of a page that hold the last run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Sample

FOLDER = Path(__file__).parent
PICTURES = FOLDER.parent / "docs" / "pictures"


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


@dataclass(frozen=True)
class Kept:
    """Where the last runs on a device are kept.

    Args:
        page: with a section for each benchmark; only that of other devices grows by new ones.
        numbers: all that was measured, as JSON.
        picture: of how fast each form trains.
    """

    page: Path
    numbers: Path
    picture: Path

    @classmethod
    def of(cls, device: str) -> Kept:
        """README.md for CPUs, and a page of its own for each other kind of device."""
        if device == "cpu":
            return cls(FOLDER / "README.md", FOLDER / "last_run.json", PICTURES / "benchmarks.svg")
        return cls(
            FOLDER / f"{device}.md",
            FOLDER / f"last_run_{device}.json",
            PICTURES / f"benchmarks_{device}.svg",
        )

    def write(self, name: str, result: Result, about: str, command: str) -> None:
        """Put a result in its section of the page, and its numbers in the JSON file."""
        self.put(name, f"{about}\n`{command}`\n\n{result.markdown()}")
        known = self.last_run() | {name: {"about": about, "command": command, **result.numbers}}
        text = json.dumps(dict(sorted(known.items())), indent=1)
        self.numbers.write_text(f"{text}\n", encoding="utf-8")

    def last_run(self) -> dict[str, Any]:
        """The numbers that are kept, by benchmarks."""
        if not self.numbers.exists():
            return {}
        return json.loads(self.numbers.read_text(encoding="utf-8"))

    def put(self, name: str, text: str) -> None:
        """Fill a section of the page."""
        start, end = f"<!-- {name}: last run -->", f"<!-- {name}: end -->"
        page = self.page.read_text(encoding="utf-8") if self.page.exists() else ""
        pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
        section = f"{start}\n{text}\n{end}"
        if pattern.search(page):
            page = pattern.sub(lambda _: section, page)
        elif self.page.name == "README.md":
            raise SystemExit(f"{self.page} has no section `{start}`")
        else:
            page += f"## {name}\n\n{section}\n\n"
        self.page.write_text(page, encoding="utf-8")


def speed(sample: Sample) -> str:
    """How much per second: whole numbers, or three digits of small ones."""
    return sample.text("{:,.0f}" if sample.median >= 100 else "{:.3g}")


def met(fine: bool) -> str:
    """How a note says whether its bar is met."""
    return "met" if fine else "**not met**"
