"""What there is to show of the training of several objectives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from graphc.build.training import SAMPLE, TRAINING
from graphc.checker import Checked
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.tree import Scalar, Tree, plain
from graphc.graph.graph import Graph
from graphc.insight.cost import cost_of_graph
from graphc.insight.example import flow
from graphc.insight.formulas import written
from graphc.insight.painting import picture_of
from graphc.insight.picture import Picture, Point
from graphc.insight.table import short
from graphc.ops.rates import Duration
from graphc.plan.plan import Objective, Plan


@dataclass(frozen=True)
class Shown:
    """A field, a value, an objective or what is moved.

    Args:
        id: its path in the picture of the graph of training; for what is moved its name.
        name: what it is called.
        text: what it is, in words.
        more: its type, or how often it moves.
        owners: the objectives that move it, or the network that it calls.
    """

    id: str
    name: str
    text: str
    more: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """The whole.

    Args:
        values: fields of the data and values, in order.
        objectives: in order.
        moved: the networks, and the values that are weights.
        wires: ids of values, and of the values and objectives that read them.
        schedule: what a round is, in a sentence.
    """

    values: tuple[Shown, ...]
    objectives: tuple[Shown, ...]
    moved: tuple[Shown, ...]
    wires: tuple[tuple[str, str], ...]
    schedule: str


def scene_of(checked: Checked) -> Scene:
    """That of a spec; SpecError GC412 where it has no objectives."""
    plan = checked.plan
    if plan is None or plan.round is None:
        message = "this spec has no `objectives`: one loss moves all weights"
        raise SpecError(Diagnostic("GC412", message, checked.document.place("train")))
    owners = _owners(checked, plan)
    items, wires = _items(checked.networks[TRAINING], _written(checked), checked.objectives)
    values = tuple(_value(each, items[each], owners) for each in items)
    objectives = tuple(_objective(checked, each) for each in plan.objectives)
    moved = tuple(_moved(name, checked.networks, owners[name]) for name in owners)
    return Scene(values, objectives, moved, tuple(wires), _schedule(plan))


def objective_id(name: str) -> str:
    """The id of an objective."""
    return f"{TRAINING}/output:{name}"


def _owners(checked: Checked, plan: Plan) -> dict[str, tuple[str, ...]]:
    """For each network, and each value that is a weight, the objectives that move it."""
    found: dict[str, list[str]] = {name: [] for name in checked.players}
    for each in plan.objectives:
        own = [word for word in each.updates if word != TRAINING]
        own += [word.split("/")[1] for word in each.patterns if word.startswith(f"{TRAINING}/")]
        for word in dict.fromkeys(own):
            found.setdefault(word, []).append(each.name)
    return {word: tuple(names) for word, names in found.items()}


def _written(checked: Checked) -> dict[str, str]:
    """What the spec says of each value, on a line."""
    training = checked.document.training
    values = () if training is None or training.values is None else training.values.entries
    return {name.text: _on_a_line(tree) for name, tree in values}


def _on_a_line(tree: Tree) -> str:
    """A formula as it stands, `normal: [16]` for a step."""
    if isinstance(tree, Scalar):
        return tree.text
    return flow(plain(tree)).removeprefix("{").removesuffix("}")


@dataclass(frozen=True)
class _Item:
    name: str
    kind: str
    text: str
    type: str


def _items(
    graph: Graph, values: Mapping[str, str], objectives: tuple[str, ...]
) -> tuple[dict[str, _Item], list[tuple[str, str]]]:
    """What stands in the graph of training by id, blocks as wholes, and what reads what.

    The number that an objective is, where it is no value of its own, is the objective.
    """
    picture = picture_of({TRAINING: graph})
    holders = _holders(picture)
    numbers = {
        edge.source: edge.target
        for edge in picture.edges
        if edge.target in map(objective_id, objectives)
    }
    names = {point.id: point for point in picture.points}
    merged = {source: end for source, end in numbers.items() if names[source].name not in values}
    blocks = {group.id: group for group in picture.groups}
    items: dict[str, _Item] = {}
    for point in picture.points:
        id = holders[point.id]
        if point.kind == "output" or point.id in merged or point.name.endswith(":mean"):
            continue
        if id in blocks:
            items.pop(id, None)  # it stands where its last part does, whose type it has
            name, kind = blocks[id].name, blocks[id].operation
            items[id] = _Item(name, kind, values.get(name, kind), str(point.output))
        elif id == point.id:
            items[id] = _item(point, values, names)
    ends = {objective_id(name) for name in objectives}
    wires = {}
    for edge in picture.edges:
        source = holders[edge.source]
        target = merged.get(edge.target, holders[edge.target])
        known = source in items and (target in items or target in ends)
        if source != target and known and not _counts(items, values, source, target):
            wires[source, target] = None
    read = {source for source, _ in wires}
    return {id: each for id, each in items.items() if each.text or id in read}, list(wires)


def _item(point: Point, values: Mapping[str, str], points: Mapping[str, Point]) -> _Item:
    """What a point is: a field, a value, or a call inside of a formula, which has no name."""
    kind, type = point.operation, str(point.output)
    if point.kind == "network" and ":" in point.name:
        read = (points[end.id].name for end in point.operands)
        called = f"{kind.removeprefix('network ')}({', '.join(read)})"
        return _Item(called, kind, "part of a formula", type)
    text = "" if point.kind == "input" else written(point.span) or kind
    return _Item(point.name, kind, values.get(point.name, text), type)


def _counts(
    items: Mapping[str, _Item], values: Mapping[str, str], source: str, target: str
) -> bool:
    """Whether a value that is drawn reads a field only to know how many examples there are."""
    if target not in items or items[target].name not in values or items[source].text:
        return False
    words = re.findall(r"\w+", values[items[target].name])
    return items[source].name not in words


def _holders(picture: Picture) -> dict[str, str]:
    """For what stands inside of a block or a formula, what is shown in its place."""
    parents = {group.id: group.group for group in picture.groups}
    names = {each.id: each.name for each in (*picture.groups, *picture.points)}
    calls = {point.id for point in picture.points if point.kind == "network"}

    def block(id: str, group: str | None) -> str:
        return id if group in (None, TRAINING) else block(group, parents[group])

    blocks = {point.id: block(point.id, point.group) for point in picture.points}
    readers: dict[str, set[str]] = {id: set() for id in names}
    for edge in picture.edges:
        readers[blocks[edge.source]].add(blocks[edge.target])

    @cache
    def holder(id: str) -> str:
        value, _, part = names[id].partition(":")
        if not part or id in calls:  # a call stays: what it calls is moved by somebody
            return id
        found = {holder(each) for each in readers[id] - {id}}
        only = found.pop() if len(found) == 1 else id
        same = names[only].partition(":")[0] == value
        return only if same and (only not in calls or names[only] == value) else id

    return {id: holder(each) for id, each in blocks.items()}


def _value(id: str, item: _Item, owners: Mapping[str, tuple[str, ...]]) -> Shown:
    called = item.kind.removeprefix("network ")
    own = owners.get(called if called != item.kind else item.name, ())
    return Shown(
        id, item.name.removesuffix(SAMPLE), item.text or "field of the data", item.type, own
    )


def _objective(checked: Checked, each: Objective) -> Shown:
    training = checked.document.training
    assert training is not None
    player = dict(training.objectives)[each.name]
    word = "maximise" if player.maximize is not None else "minimise"
    more = ", ".join([each.optimizer.name, *_pauses(each)])
    return Shown(objective_id(each.name), each.name, f"{word} {player.formula.text}", more)


def _pauses(each: Objective) -> Iterator[str]:
    """In which rounds it moves, where not in all of them."""
    if each.every > 1:
        yield f"every {each.every} rounds"
    if each.start:
        yield f"after {_time(each.start)}"
    if each.until is not None:
        yield f"until {_time(each.until)}"


def _time(rounds: int | Duration) -> str:
    """How many rounds or epochs."""
    if isinstance(rounds, Duration):
        return str(rounds)
    return f"{rounds} round" if rounds == 1 else f"{rounds} rounds"


def _moved(name: str, networks: Mapping[str, Graph], owners: tuple[str, ...]) -> Shown:
    if name not in networks:
        return Shown(name, name, "value that is a weight", "", owners)
    count = cost_of_graph(networks[name]).shown("parameters", short)
    text = f"{count} parameters"
    return Shown(name, name, text, "" if owners else "moved by none", owners)


def _schedule(plan: Plan) -> str:
    assert plan.round is not None
    turns = [(" and ".join(names), times) for names, times in plan.round.entries]
    if len(turns) == 1 and turns[0][1] == 1:
        one = len(plan.objectives) == 1
        return "A round is one batch" + ("." if one else ", on which all objectives move at once.")
    words = [name if times == 1 else f"{name} {times} times" for name, times in turns]
    return f"A round: {', then '.join(words)}; each time on a batch of its own."
