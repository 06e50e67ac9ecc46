"""What sources say of each axis of steps that their fields have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphc.core.attributes import Kind
from graphc.core.by_path import ByName
from graphc.core.diagnostic import listing, similar
from graphc.core.tree import Mapping, Tree

AXIS_SCHEMA = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
"""The JSON Schema of the name of an axis in a shape."""


@dataclass(frozen=True)
class ByAxis(Kind):
    """A value where there is one axis of steps; where there are several, one for each by name."""

    kind: Kind

    @property
    def _several(self) -> ByName:
        return ByName(self.kind)

    def read(self, tree: Tree) -> object:
        return (self._several if isinstance(tree, Mapping) else self.kind).read(tree)

    def write(self, value: object) -> object:
        return (self._several if _are_several(value) else self.kind).write(value)

    def schema(self) -> dict:
        return {"anyOf": [self.kind.schema(), self._several.schema()]}

    def __str__(self) -> str:
        return f"{self.kind}, or a mapping of axes to {self.kind}"


def by_axis(value: Any, only: str) -> dict[str, Any]:
    """The values by their axes; a single one is that of `only`."""
    if value is None:
        return {}
    return dict(value) if _are_several(value) else {only: value}


def complaint_of_lengths(lengths: Any, axes: Iterable[str], missing: str) -> str | None:
    """What is wrong with the lengths of sequences over these axes.

    Args:
        missing: what is wrong where there are no axes.
    """
    axes = list(dict.fromkeys(axes))
    if lengths is None:
        return None
    if not axes:
        return missing
    if not _are_several(lengths):
        several = f"`lengths` names one array for the axes {listing(axes)}: write one for each,"
        return f"{several} `{{{axes[0]}: {lengths}, ...}}`" if len(axes) > 1 else None
    unknown = next((axis for axis, _ in lengths if axis not in axes), None)
    if unknown is None:
        return None
    help = similar(unknown, axes, "axis") or f"the axes are {listing(axes)}"
    return f"`lengths` names `{unknown}`, over which nothing has steps; {help}"


def _are_several(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], tuple)
