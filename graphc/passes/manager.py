"""What a pass is, and the order in which they run.

A pass is a function from graph to graph that changes speed and never meaning: the weights, named
and drawn by the nodes of the spec, stay the same under another storage, and `WeightMap.of` the
result says which. Every pass says what it did at which line, and what it left alone and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.graph.graph import Graph
from graphc.passes.infer import check_types
from graphc.passes.prune import prune
from graphc.passes.remarks import Remark, Remarks
from graphc.passes.roll import roll

Pass = Callable[[Graph, Remarks], Graph]


@dataclass(frozen=True)
class PassReport:
    """What one pass did.

    Args:
        name: of the pass.
        ran: whether it ran.
        remarks: what it did and left alone.
    """

    name: str
    ran: bool
    remarks: tuple[Remark, ...]


PASSES: Mapping[str, Pass] = {"infer": check_types, "prune": prune, "roll": roll}
REQUIRED = ("infer",)


def run_passes(
    networks: Mapping[str, Graph], device: str = "cpu", without: tuple[str, ...] = ()
) -> tuple[dict[str, Graph], tuple[PassReport, ...]]:
    """The networks after every pass but those in `without`.

    Raises:
        SpecError: GC310 for a pass that does not exist or cannot be left out.
    """
    for name in without:
        _check_name(name)
    graphs = dict(networks)
    reports = []
    for name, run in PASSES.items():
        remarks = Remarks(device)
        if name not in without:
            graphs = {word: run(graph, remarks) for word, graph in graphs.items()}
        reports.append(PassReport(name, name not in without, tuple(remarks.found)))
    return graphs, tuple(reports)


def _check_name(name: str) -> None:
    if name not in PASSES:
        help = similar(name, PASSES, "pass") or f"the passes are {listing(PASSES)}"
        raise SpecError(Diagnostic("GC310", f"there is no pass `{name}`", help=help))
    if name in REQUIRED:
        optional = listing(each for each in PASSES if each not in REQUIRED)
        message = f"the pass `{name}` cannot be left out: all that follows reads its types"
        raise SpecError(Diagnostic("GC310", message, help=f"these can: {optional}"))
