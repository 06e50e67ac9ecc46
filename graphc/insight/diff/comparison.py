"""What two specs differ in: their networks part by part, how they are trained, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.checker import Checked
from graphc.graph.graph import Graph
from graphc.insight.cost import Cost, cost_of_networks
from graphc.insight.diff.change import Change, Row, whole_network
from graphc.insight.diff.changes import changes_of
from graphc.insight.diff.settings import settings_of
from graphc.passes.prune import prune
from graphc.passes.remarks import Remarks
from graphc.plan.plan import Plan, Term


@dataclass(frozen=True)
class Comparison:
    """Everything that differs.

    Args:
        changes: the parts of the networks that differ.
        settings: values of `data` and `train` that differ.
        program: "same", "renamed" or "different".
        totals: the cost of all networks, before and after.
    """

    changes: tuple[Change, ...]
    settings: tuple[Row, ...]
    program: str
    totals: tuple[Cost, Cost]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.changes and not self.settings


Networks = Mapping[str, Graph]


def compare(one: Checked, other: Checked) -> Comparison:
    """Compare two specs.

    Their programs are the same if the networks are equal once what no output needs is gone (the
    pass `prune`), and so is what is trained: the emitted modules then differ in comments and in
    names of classes and their parameters alone. They are renamed if nodes, inputs, outputs or
    networks are called otherwise and all else is equal: the same is computed, from other initial
    weights.
    """
    names = _names(one, other)
    found = _Networks(one.networks, other.networks, names)
    totals = cost_of_networks(one.networks), cost_of_networks(other.networks)
    settings = tuple(settings_of(one.document, other.document))
    return Comparison(tuple(found.changes), settings, _program(one, other, found), totals)


def _names(one: Checked, other: Checked) -> dict[str, str]:
    """Which networks correspond: those of one name, those that are trained, and the last left."""
    names = {name: name for name in one.networks if name in other.networks}

    def left() -> tuple[list[str], list[str]]:
        taken = set(names.values())
        return [each for each in one.networks if each not in names], [
            each for each in other.networks if each not in taken
        ]

    mine, theirs = left()
    trained = [each.plan.network for each in (one, other) if each.plan is not None]
    if len(trained) == 2 and trained[0] in mine and trained[1] in theirs:
        names[trained[0]] = trained[1]
    mine, theirs = left()
    if len(mine) == len(theirs) == 1:
        names[mine[0]] = theirs[0]
    return names


class _Networks:
    """What differs between networks, and what the parts of the first are called in the second."""

    def __init__(self, one: Networks, other: Networks, names: Mapping[str, str]) -> None:
        self.one, self.other, self.names = one, other, names
        self.changes: list[Change] = []
        self.pairs: dict[str, dict[str, str]] = {}
        for name, match in names.items():
            changes, pairs = changes_of(one[name], other[match], match, names)
            self.changes += changes
            self.pairs[name] = pairs
        self.changes += [whole_network(name, one[name], None) for name in one if name not in names]
        matched = set(names.values())
        self.changes += [
            whole_network(name, None, other[name]) for name in other if name not in matched
        ]

    def program(self, first: Plan | None, second: Plan | None) -> str:
        """same, renamed or different."""
        if any(change.counts for change in self.changes) or not self._outputs_agree():
            return "different"
        if self._plan(first, self.names) != self._plan(second, {}):
            return "different"
        return "same" if dict(self.one) == dict(self.other) else "renamed"

    def _outputs_agree(self) -> bool:
        """Whether the outputs correspond in their order."""
        return all(
            [self.pairs[name][f"output:{port}"] for port, _ in self.one[name].outputs]
            == [f"output:{port}" for port, _ in self.other[match].outputs]
            for name, match in self.names.items()
        )

    def _plan(self, plan: Plan | None, names: Mapping[str, str]) -> object:
        """What is trained, as the second spec calls it."""
        if plan is None:
            return None
        pairs = self.pairs[plan.network] if names else {}
        inputs = frozenset((pairs.get(name, name), field) for name, field in plan.inputs)

        def term(each: Term) -> tuple:
            output = f"output:{each.output}"
            words = pairs.get(output, output) if each.output else None
            return each.measure, words, each.target, each.target_type

        objectives = [
            (
                *(term(each.loss), *map(term, each.metrics)),
                *(each.optimizer, each.update, each.counted),
                *(each.patterns, each.every, each.start, each.until),
            )
            for each in plan.objectives
        ]
        return names.get(plan.network, plan.network), inputs, objectives, plan.round


def _program(one: Checked, other: Checked, found: _Networks) -> str:
    """The verdict; where the networks differ, once more without what is not needed."""
    verdict = found.program(one.plan, other.plan)
    if verdict == "different":
        mine, theirs = _pruned(one.networks), _pruned(other.networks)
        if mine != dict(one.networks) or theirs != dict(other.networks):
            verdict = _Networks(mine, theirs, found.names).program(one.plan, other.plan)
    return verdict


def _pruned(networks: Networks) -> dict[str, Graph]:
    return {name: prune(graph, Remarks()) for name, graph in networks.items()}
