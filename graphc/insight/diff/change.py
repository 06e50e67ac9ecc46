"""One thing that is otherwise in the second of two specs."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.graph.graph import Graph
from graphc.insight.cost import Cost, cost_of_graph
from graphc.insight.picture import Group, Point

Part = Point | Group
_FREE = ("name", "argument")
"""Kinds of rows that leave the program as it is."""


@dataclass(frozen=True)
class Row:
    """One thing that is otherwise.

    `kind` is name, operation, attribute, argument (of a block), copies, reads, output or setting.
    """

    kind: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """A part that was added, removed, or is otherwise.

    Args:
        network: the network it belongs to, as the second spec calls it if it is there.
        one: the part in the first spec; None if it was added.
        other: the part in the second spec; None if it was removed.
        paths: what it is called in each, with the blocks around it.
        rows: what is otherwise.
        costs: of all its copies, those of the blocks around it included, before and after.
        differs: whether it costs otherwise by itself, not by the number of blocks around it.
    """

    network: str
    one: Part | None
    other: Part | None
    paths: tuple[str, str]
    rows: tuple[Row, ...]
    costs: tuple[Cost, Cost]
    differs: bool = True

    @property
    def kind(self) -> str:
        return "added" if self.one is None else "removed" if self.other is None else "changed"

    @property
    def path(self) -> str:
        """Its path, in the second spec if it is there."""
        return self.paths[1] if self.other is not None else self.paths[0]

    @property
    def part(self) -> Part:
        """The part, in the second spec if it is there."""
        part = self.other if self.other is not None else self.one
        assert part is not None
        return part

    @property
    def counts(self) -> bool:
        """Whether another program comes out of it."""
        return self.kind != "changed" or any(row.kind not in _FREE for row in self.rows)


def whole_network(name: str, one: Graph | None, other: Graph | None) -> Change:
    """A network that only one of the specs has."""
    group = Group(name, None, "network", name or "network", f"network {name}".strip())
    costs = [Cost() if each is None else cost_of_graph(each) for each in (one, other)]
    parts = [None if each is None else group for each in (one, other)]
    return Change(name, parts[0], parts[1], (group.name, group.name), (), (costs[0], costs[1]))
