"""Which calls move running statistics: those that an objective with that network is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphc.core.operation import Operation, Stateful
from graphc.graph.calls import Call, Repeat
from graphc.graph.graph import Graph
from graphc.graph.needed import called, needed
from graphc.graph.weights import WeightMap
from graphc.plan.plan import Objective, Plan


def with_asides(networks: Mapping[str, Graph], plan: Plan) -> dict[str, Graph]:
    """The networks, in that of training noted which calls leave running statistics as they are.

    A call moves those of a network if an objective that moves this network is made of it, and in
    the turns of such objectives alone.
    """
    moving = _moving(networks, plan)
    if not moving:
        return dict(networks)
    graph = networks[plan.network]
    reached = {each.name: _reached(graph, each) for each in plan.objectives}
    nodes = []
    for node in graph.nodes:
        owners = [each for each in plan.objectives if node.name in reached[each.name]]
        called_here = sorted(called(node.operation, networks) & moving)
        moved = {network for each in owners for network in each.updates}
        aside = tuple(each for each in called_here if each not in moved)
        turns = tuple(_turns(plan, owners, each) for each in called_here if each in moved)
        operation = _aside(node.operation, aside, tuple(each for each in turns if each is not None))
        nodes.append(replace(node, operation=operation))
    return {**networks, plan.network: replace(graph, nodes=tuple(nodes))}


def _turns(
    plan: Plan, owners: Iterable[Objective], network: str
) -> tuple[str, tuple[str, ...]] | None:
    """The owners of a call that move a network, if others move it in turns of their own."""
    assert plan.round is not None
    moving = {each.name for each in plan.objectives if network in each.updates}
    own = moving.intersection(each.name for each in owners)
    turns = (moving.intersection(names) for names, _ in plan.round.entries)
    return (network, tuple(sorted(own))) if any(each and not each & own for each in turns) else None


def _moving(networks: Mapping[str, Graph], plan: Plan) -> set[str]:
    """The networks with running statistics that an objective moves."""
    found = {
        each.path.split("/")[0]
        for each in WeightMap.of(networks).entries
        if any(node.operation.trait(Stateful) for node in each.nodes)
    }
    return found & {network for each in plan.objectives for network in each.updates}


def _reached(graph: Graph, objective: Objective) -> set[str]:
    """The names of the nodes that an objective is made of."""
    ref = next(ref for port, ref in graph.outputs if port == objective.name)
    return {node.name for node in needed(graph, [ref])}


def _aside(
    operation: Operation, aside: tuple[str, ...], in_turn: tuple[tuple[str, tuple[str, ...]], ...]
) -> Operation:
    """The operation as one that leaves the statistics of these networks as they are."""
    if isinstance(operation, Call):
        return replace(operation, aside=aside, in_turn=in_turn)
    if isinstance(operation, Repeat):
        copies = tuple(_aside(each, aside, in_turn) for each in operation.copies)
        return replace(operation, copies=copies)
    return operation
