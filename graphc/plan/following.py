"""Networks that do not move, and those that take their weights from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphc.core.diagnostic import Report, listing
from graphc.graph.graph import Graph
from graphc.graph.needed import called
from graphc.ops.networks import Role
from graphc.plan.plan import Follower, Place


def still(roles: Mapping[str, Role]) -> tuple[str, ...]:
    """The networks of which nothing is trained, in the order of their names."""
    return tuple(sorted(name for name, role in roles.items() if role.still))


def followers(
    networks: Mapping[str, Graph], roles: Mapping[str, Role], place: Place, report: Report
) -> tuple[Follower, ...]:
    """Those that take their weights from others; GC442 goes to the report."""
    return tuple(_followers(networks, roles, place, report))


def _followers(
    networks: Mapping[str, Graph], roles: Mapping[str, Role], place: Place, report: Report
) -> Iterator[Follower]:
    for name, role in sorted(roles.items()):
        if role.of is None:
            continue
        inner = {word for node in networks[name].nodes for word in called(node.operation)}
        if inner:
            message = f"`{role.of}` calls {listing(sorted(inner))}, whose weights are no part of it"
            help = "make blocks of what it calls"
            report.error("GC442", message, place("networks", name), help=help)
        yield Follower(name, role.of, role.every, role.decay)


def check_short(roles: Mapping[str, Role], place: Place, report: Report) -> None:
    """Report (GC442) networks that follow others where one network is trained on one loss."""
    for name, role in sorted(roles.items()):
        if role.of is not None:
            message = f"`{name}` follows `{role.of}`, which is done where there are `objectives`"
            help = "write `objectives`; an average of all weights is `train: {average: 0.999}`"
            report.error("GC442", message, place("networks", name), help=help)
