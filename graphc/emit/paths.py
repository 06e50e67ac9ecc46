"""The table of the emitted module that says which arrays of the spec a stored array holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from graphc.emit.trees import part
from graphc.graph.lenses import Columns, Lens
from graphc.graph.weights import Entry, WeightMap

FEWEST = 4
_NUMBER = re.compile(r"(?<![^/])\d+(?![^/])")
Row = tuple[tuple[Lens, ...], str]


def paths(weights: WeightMap) -> ast.Dict:
    """`{stored: paths}` for what is not stored as one array under its own path; see `apart`."""
    groups: dict[str, list[Entry]] = {}
    for each in weights.entries:
        if each.weight.trainable and each.weight.shape is not None:
            groups.setdefault(each.stored, []).append(each)
    found = {
        stored: _names([(each.view, each.path) for each in entries])
        for stored, entries in groups.items()
        if [each.path for each in entries] != [stored]
    }
    return ast.Dict([part(stored) for stored in found], list(found.values()))


def holds_several(weights: WeightMap) -> bool:
    """Whether any stored array holds several of the spec."""
    return any(each.view for each in weights.entries if each.weight.trainable)


def _names(rows: Sequence[Row]) -> ast.expr:
    """What an array holds: a path, a list along the first axis, or widths along the last."""
    if not rows[0][0]:
        return part(rows[0][1])
    inner: dict[Lens, list[Row]] = {}
    for (first, *rest), path in rows:
        inner.setdefault(first, []).append((tuple(rest), path))
    lenses = sorted(inner)
    if all(isinstance(each, Columns) for each in lenses):
        widths = {_only(inner[each]): each.stop - each.start for each in lenses}  # type: ignore[union-attr]
        return ast.Dict([part(path) for path in widths], [part(each) for each in widths.values()])
    several = [inner[each] for each in lenses]
    numbered = _numbered([_only(each) for each in several]) if len(several) >= FEWEST else None
    return numbered or ast.List([_names(each) for each in several], ast.Load())


def _only(rows: Sequence[Row]) -> str:
    """The one path, or nothing where there are several."""
    return rows[0][1] if len(rows) == 1 and not rows[0][0] else ""


def _numbered(names: Sequence[str]) -> ast.expr | None:
    """`[f"tower/{i}/kernel" for i in range(8)]` where the names differ in that number alone."""
    for found in _NUMBER.finditer(names[0]):
        before, after = names[0][: found.start()], names[0][found.end() :]
        if list(names) == [f"{before}{i}{after}" for i in range(len(names))]:
            text = f"[f'{before}{{i}}{after}' for i in range({len(names)})]"
            return ast.parse(text, mode="eval").body
    return None
