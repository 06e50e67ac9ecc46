"""What a pass is, and the order in which they run.

A pass is a function from graph to graph that changes speed and never meaning: the weights, named
and drawn by the nodes of the spec, stay the same under another storage, and `WeightMap.of` the
result says which. Every pass says what it did at which line, and what it left alone and why. Only
programs for inference undergo `fold`, after which some weights are other ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.core.forms import CPU, Forms
from graphc.graph.graph import Graph
from graphc.passes.bands import convolve_by_rows
from graphc.passes.cycles import scan_cycles
from graphc.passes.fold import fold
from graphc.passes.gates import join_gates
from graphc.passes.infer import check_types
from graphc.passes.inline import inline
from graphc.passes.merge import merge
from graphc.passes.points import multiply_flat
from graphc.passes.precision import set_precision
from graphc.passes.prune import prune
from graphc.passes.remarks import Remark, Remarks
from graphc.passes.remat import mark, unmarked
from graphc.passes.roll import roll
from graphc.passes.sparse import hold_sparse

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


PASSES: Mapping[str, Pass] = {
    "infer": check_types,
    "prune": prune,
    "precision": set_precision,
    "remat": mark,
    "bands": convolve_by_rows,
    "sparse": hold_sparse,
    "fold": fold,
    "inline": inline,
    "roll": roll,
    "merge": merge,
    "cycles": scan_cycles,
    "gates": join_gates,
    "points": multiply_flat,
}
REQUIRED = {
    "infer": "all that follows reads its types",
    "precision": "it says what the spec asks for",
    "remat": "it says what the spec asks for",
    "inline": "cycles go through what is called on them",
    "cycles": "nothing else goes from step to step",
}
"""What cannot be left out, and why."""
FOR_INFERENCE = ("fold",)
"""What a program that trains must not undergo."""


def run_passes(
    networks: Mapping[str, Graph],
    forms: Forms = CPU,
    without: tuple[str, ...] = (),
    inference: bool = False,
    shares: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[dict[str, Graph], tuple[PassReport, ...]]:
    """The networks after every pass but those in `without`.

    Args:
        inference: whether the program only evaluates, so that the passes `FOR_INFERENCE` run too.
        shares: for networks, and inputs of theirs, the share of numbers that are not 0.

    Raises:
        SpecError: GC310 for a pass that does not exist or cannot be left out.
    """
    for name in without:
        _check_name(name)
    graphs = {name: unmarked(each) if inference else each for name, each in networks.items()}
    reports = []
    for name, run in PASSES.items():
        if name in FOR_INFERENCE and not inference:
            continue
        remarks = Remarks(forms)
        for word, graph in graphs.items() if name not in without else ():
            remarks.shares = (shares or {}).get(word, {})
            graphs[word] = run(graph, remarks)
        reports.append(PassReport(name, name not in without, tuple(remarks.found)))
    return graphs, tuple(reports)


def _check_name(name: str) -> None:
    if name not in PASSES:
        help = similar(name, PASSES, "pass") or f"the passes are {listing(PASSES)}"
        raise SpecError(Diagnostic("GC310", f"there is no pass `{name}`", help=help))
    if name in REQUIRED:
        optional = listing(each for each in PASSES if each not in REQUIRED)
        message = f"the pass `{name}` cannot be left out: {REQUIRED[name]}"
        raise SpecError(Diagnostic("GC310", message, help=f"these can: {optional}"))
