"""What a round of training is, where objectives take turns."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Int, Kind
from graphc.core.diagnostic import Report
from graphc.core.tree import Mapping, Scalar, Sequence, Tree

Entry = tuple[tuple[str, ...], int]
_HELP = "write `schedule: [{critic: 5}, generator]`"


@dataclass(frozen=True)
class Entries(Kind):
    """Objectives in their order: `[{critic: 5}, generator, [encoder, decoder]]`.

    Each entry is the names of the objectives that move together, and how often in a row they do.
    """

    def read(self, tree: Tree) -> tuple[Entry, ...]:
        if not isinstance(tree, Sequence):
            raise self.refuse(tree, _HELP)
        report = Report()
        entries = tuple(report.attempt(self._entry, item) for item in tree)
        report.stop()
        return entries

    def _entry(self, tree: Tree) -> Entry:
        if isinstance(tree, Mapping) and len(tree) == 1:
            (key, times) = tree.entries[0]
            return (key.text,), Int(1).read(times)
        several = tree.items if isinstance(tree, Sequence) else (tree,)
        if not several or not all(isinstance(each, Scalar) and each.text for each in several):
            raise self.refuse(tree, _HELP)
        return tuple(each.text for each in several if isinstance(each, Scalar)), 1

    def write(self, value: object) -> object:
        assert isinstance(value, tuple)
        return [
            {names[0]: times} if times > 1 else (names[0] if len(names) == 1 else list(names))
            for names, times in value
        ]

    def schema(self) -> dict:
        name = {"type": "string"}
        times = {
            "type": "object",
            "additionalProperties": Int(1).schema(),
            "minProperties": 1,
            "maxProperties": 1,
        }
        together = {"type": "array", "items": name, "minItems": 1}
        return {"type": "array", "items": {"anyOf": [name, times, together]}}

    def __str__(self) -> str:
        return "a list of objectives"
