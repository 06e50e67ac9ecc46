"""From the long form of `train` to a plan: who updates what, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

from graphc.build.training import TRAINING, TrainingGraph
from graphc.core.code import code
from graphc.core.diagnostic import Note, Report, listing, similar
from graphc.core.operation import Weight
from graphc.core.span import Span
from graphc.graph.calls import NetworkCall
from graphc.graph.graph import Graph
from graphc.graph.needed import called, needed
from graphc.graph.node import Node
from graphc.graph.weights import WeightMap
from graphc.ops.measures import Measuring
from graphc.ops.networks import Role
from graphc.ops.objectives import Loss, Metric
from graphc.ops.players import Player
from graphc.ops.training import Training
from graphc.plan.following import followers, still
from graphc.plan.plan import Objective, Place, Plan, Round, Term
from graphc.plan.updates import Weights, check_start, make_player_update, matches
from graphc.plan.watching import check_named, check_watched
from graphc.plan.weighing import weighing


@dataclass(frozen=True)
class Given(Loss):
    """What the graph of training computes as it is.

    Args:
        larger_is_better: which of two values is the better one.
    """

    name: ClassVar[str] = "given"
    call = code("$output")

    larger_is_better: bool = False


def make_round(
    networks: Mapping[str, Graph],
    made: TrainingGraph,
    training: Training,
    fields: Mapping[str, str],
    target: str,
    place: Place,
    report: Report,
    roles: Mapping[str, Role],
) -> Plan | None:
    """The plan of a spec with objectives; problems go to the report.

    Args:
        networks: of the spec, the graph of training among them.
        fields: what the data calls those that have another name in the spec.
        target: the field of the data whose classes it counts.
        roles: which of them are frozen, or follow others.
    """
    before = len(report.errors)
    maker = _Maker(networks, made, training, place, report, roles)
    several = sorted(training.objectives)
    objectives = tuple(maker.objective(name, player) for name, player in several)
    maker.check_schedule()
    check_start(training, Weights(networks, place, report))
    if len(report.errors) == before:
        maker.check_owners(objectives)
    if len(report.errors) == before:
        maker.check_watched(objectives)
    if len(report.errors) > before:
        return None
    weighed = weighing(made.graph, fields, target, report)
    if len(report.errors) > before:
        return None
    order = training.schedule or ((tuple(name for name, _ in several), 1),)
    inputs = tuple((name, fields.get(name, name)) for name, _ in made.graph.inputs)
    return Plan(
        TRAINING,
        inputs,
        objectives,
        round=Round(order, made.measured, made.sampled, *weighed),
        still=still(roles),
        followers=followers(networks, roles, place, report),
    )


@dataclass
class _Maker:
    networks: Mapping[str, Graph]
    made: TrainingGraph
    training: Training
    place: Place
    report: Report
    roles: Mapping[str, Role]

    def __post_init__(self) -> None:
        self.still = still(self.roles)
        self.weights: dict[str, Weight] = {
            each.path: each.weight
            for each in WeightMap.of(self.networks).entries
            if each.path.split("/")[0] not in self.still
        }

    def objective(self, name: str, player: Player) -> Objective:
        """One of them, its ownership looked up."""
        patterns = tuple(self._pattern(word, name) for word in player.update)
        found = tuple(pattern for pattern in patterns if pattern is not None)
        span = self.place("train", "objectives", name)
        update = make_player_update(player, name, self.networks, self.place, self.report)
        given = Given(player.maximize is not None)
        measured = tuple(
            Term(each, Given(self._larger(each)), each, "") for each in self.made.measured
        )
        moved = tuple(dict.fromkeys(path.split("/")[0] for path in self._owned(found)))
        self._check_reached(name, found)
        return Objective(
            Term(name, given, name, "", span),
            measured,
            moved,
            player.optimizer,
            self.training.epochs,
            update,
            name=name,
            patterns=found,
            turns=self.training.turns(name),
            every=player.every,
            start=player.start,
            until=player.until,
        )

    def _pattern(self, word: str, name: str) -> str | None:
        """What an entry of `update` means as a pattern of paths; None where it means nothing."""
        if word.split("/")[0] in self.still:
            self._report_still(word, name)
            return None
        if word in self.networks and word != TRAINING:
            return f"{word}/*"
        trained = [path for path, weight in self.weights.items() if weight.trainable]
        for pattern in (word, f"{TRAINING}/{word}", f"{TRAINING}/{word}/*"):
            if any(matches(path, pattern) for path in trained):
                return pattern
        known = [each for each in self.networks if each != TRAINING]
        help = similar(word, known, "network") or f"the networks are {listing(known)}"
        message = f"`{word}` is no network, nor the path of a weight"
        self.report.error("GC434", message, self._at(name, word), help=help)
        return None

    def _at(self, name: str, word: str) -> Span:
        """Where an objective names what it updates."""
        return self.place("train", "objectives", name, "update", word)

    def _report_still(self, word: str, name: str) -> None:
        """Report GC443 for an objective that is to move what does not move."""
        role = self.roles[word.split("/")[0]]
        frozen = f"`{word}` is frozen, and `{name}` updates it"
        follows = f"`{word}` takes its weights from `{role.of}`, and `{name}` updates it"
        message = frozen if role.frozen else follows
        help = "leave out `frozen`, or do not update it"
        help = help if role.frozen else f"update `{role.of}`"
        self.report.error("GC443", message, self._at(name, word), help=help)

    def _owned(self, patterns: Iterable[str]) -> list[str]:
        """The paths of the trained weights that match."""
        several = tuple(patterns)
        return [
            path
            for path, weight in self.weights.items()
            if weight.trainable and any(matches(path, each) for each in several)
        ]

    def _larger(self, name: str) -> bool:
        """Whether more of a value is better: of a metric that is so, and not changed."""
        graph = self.made.graph
        ref = next(ref for port, ref in graph.outputs if port == name)
        mean = graph.by_name[ref.node]
        (of,) = mean.references
        operation = graph.by_name[of.node].operation if of.node in graph.by_name else None
        made = operation.made if isinstance(operation, Measuring) else None
        return isinstance(made, Metric) and made.larger_is_better

    def _check_reached(self, name: str, patterns: tuple[str, ...]) -> None:
        """Report GC436 for what an objective updates and does not depend on."""
        reached = self._reached(name)
        for pattern in patterns:
            owned = {_owner(path) for path in self._owned([pattern])}
            if owned and owned.isdisjoint(reached):
                word = _word(pattern)
                message = f"`{name}` updates `{word}`, which has no part in what it is made of"
                help = "name what it depends on, or let its formula depend on this"
                self.report.error("GC436", message, self._at(name, word), help=help)

    def _reached(self, name: str) -> set[str]:
        """The networks, and the values that are weights, that an objective is made of."""
        found: set[str] = set()
        for node in self._made_of(name):
            if isinstance(node.operation, NetworkCall):
                found |= called(node.operation, self.networks)
            else:
                found.add(f"{TRAINING}/{node.name}")
        return found

    def _made_of(self, name: str) -> list[Node]:
        """The nodes that an objective is made of."""
        graph = self.made.graph
        ref = next(ref for port, ref in graph.outputs if port == name)
        return [*needed(graph, [ref])]

    def check_watched(self, objectives: tuple[Objective, ...]) -> None:
        """Report GC430 where early stopping does not name a number that is measured."""
        stopping = self.training.early_stopping
        if stopping is None:
            return
        terms = (*(each.loss for each in objectives), *objectives[0].metrics)
        span = self.place("train", "early_stopping")
        if len(objectives) > 1:
            check_named(stopping.metric, terms, "early stopping", span, self.report)
        check_watched(self.training, terms, self.place, self.report)

    def check_schedule(self) -> None:
        """Report GC438 where a schedule names what is no objective, or leaves one out."""
        training, place = self.training, self.place("train", "schedule")
        known = [name for name, _ in training.objectives]
        written = [name for names, _ in training.schedule for name in names]
        for name in dict.fromkeys(written):
            if name not in known:
                help = similar(name, known, "objective") or f"they are {listing(known)}"
                self.report.error("GC438", f"there is no objective `{name}`", place, help=help)
        left = [name for name in known if training.schedule and name not in written]
        if left and set(written) <= set(known):
            message = f"the schedule leaves out {listing(left)}"
            help = "give every objective its turn, or delete it"
            self.report.error("GC438", message, place, help=help)

    def check_owners(self, objectives: tuple[Objective, ...]) -> None:
        """Report GC435 for weights with two owners at once, GC437 (a warning) for those without."""
        by_name = {each.name: each for each in objectives}
        owned = {each.name: self._owned(each.patterns) for each in objectives}
        order = self.training.schedule or ((tuple(by_name), 1),)
        for names, _ in order:
            for one, other in combinations(dict.fromkeys(names), 2):
                shared = [path for path in owned[other] if path in owned[one]]
                if shared and by_name[one].meets(by_name[other]):
                    self._report_two(by_name[one], by_name[other], shared[0])
                elif shared:
                    self._check_statistics(one, other, {_owner(path) for path in shared})
        moving = {path for paths in owned.values() for path in paths}
        reached = {name for each in objectives for name in self._reached(each.name)}
        networks = {path.split("/")[0] for path in self.weights} - {TRAINING}
        for name in sorted(reached | networks):
            own = [path for path in self._owned([f"{name}/*"])]
            if own and moving.isdisjoint(own):
                self._warn_of_still(name)

    def _report_two(self, one: Objective, other: Objective, path: str) -> None:
        first, second = (
            self._at(each.name, next(_word(own) for own in each.patterns if matches(path, own)))
            for each in (one, other)
        )
        message = f"`{one.name}` and `{other.name}` both move `{path}` in the same step"
        notes = [Note(f"`{one.name}` updates it", first)]
        help = (
            "make one objective of their sum, let them take turns with a `schedule`, or give one "
            "an `until` and the other a `start`"
        )
        self.report.error("GC435", message, second, notes=notes, help=help)

    def _check_statistics(self, one: str, other: str, networks: set[str]) -> None:
        """Report (GC435) statistics that move by the calls of two objectives, not by one's alone.

        Which calls move them is no question of time: those of both do so in all rounds.
        """
        still = {path.split("/")[0] for path, each in self.weights.items() if not each.trainable}
        for name in sorted(networks & still):
            if self._calls(one, name) != self._calls(other, name):
                message = (
                    f"running statistics of `{name}` move by calls of `{one}` and of `{other}`"
                )
                place = self.place("train", "objectives", other, "update")
                help = "let them take turns with a `schedule`, or use a norm without statistics"
                self.report.error("GC435", message, place, help=help)

    def _calls(self, objective: str, network: str) -> set[str]:
        """The values of an objective that are calls of a network."""
        return {
            node.name
            for node in self._made_of(objective)
            if isinstance(node.operation, NetworkCall)
            and network in called(node.operation, self.networks)
        }

    def _warn_of_still(self, name: str) -> None:
        message = f"no objective updates the network `{name}`: its weights stay as they are drawn"
        help = f"name it under `update` of an objective, or write `frozen: true` for `{name}`"
        self.report.warn("GC437", message, self.place("networks", name), help=help)


def _word(pattern: str) -> str:
    """What stands under `update` for a pattern."""
    return pattern.removesuffix("/*").removeprefix(f"{TRAINING}/")


def _owner(path: str) -> str:
    """The network of a weight; a value that is a weight is its own."""
    first, _, rest = path.partition("/")
    return f"{TRAINING}/{rest.split('/')[0]}" if first == TRAINING else first
