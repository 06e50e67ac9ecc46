"""Training on neighbours that are drawn: where it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphc.core.diagnostic import Report
from graphc.core.span import Span
from graphc.core.types import ENDS, NODES, Type, counted_over, edges_axis
from graphc.graph.graph import Graph
from graphc.graph.hops import hops_of, needing_all
from graphc.ops.neighbours import LARGEST_STEP
from graphc.ops.training import Training

Place = Callable[..., Span]
LEFT_OUT = "leave `neighbours` out"


def check_neighbours(
    graph: Graph,
    inputs: Mapping[str, str],
    training: Training,
    fields: Mapping[str, Type],
    target: str,
    place: Place,
    report: Report,
) -> None:
    """Report (GC428) why neighbours cannot be drawn, where `neighbours` asks for it.

    Args:
        graph: the network that is trained, before the passes.
        inputs: for each of its inputs, the field of the data.
        fields: those of the data.
        target: the field that losses compare with.
    """
    asked = training.neighbours
    if asked is None:
        return
    span = place("train", "neighbours")
    if counted_over(NODES.name) not in fields or ENDS in fields:
        message = "`neighbours` is for data that is one graph whose nodes have a target"
        report.error("GC428", message, span, help=LEFT_OUT)
        return
    if asked.evaluation == "drawn" and training.ensemble is not None:
        message = "`evaluation: drawn` does not go with `ensemble`, which reads the whole graph"
        report.error("GC428", message, span, help="leave `evaluation` out")
    if training.accumulate > 1:
        message = "`accumulate` does not go with `neighbours`, for parts of a step share a graph"
        help = "leave it out, and make `batch_size` smaller to need less memory"
        report.error("GC428", message, place("train", "accumulate"), help=help)
    for name, kind in graph.inputs:
        if edges_axis(kind):
            message = f"`neighbours` draws nodes, and the input `{name}` is a value at edges"
            report.error("GC428", message, span, help=LEFT_OUT)
        if inputs.get(name) == target:
            message = f"the input `{name}` is the target, which is drawn of no neighbour"
            report.error("GC428", message, span, help=LEFT_OUT)
    found = list(dict.fromkeys(needing_all(graph)))
    report.diagnostics += found
    if found or any(edges_axis(kind) for _, kind in graph.inputs):
        return
    count, far = len(asked.sizes), hops_of(graph)
    if not far:
        message = "nothing in this network goes along the edges, so no neighbours are read"
        report.error("GC428", message, span, help=LEFT_OUT)
    elif count != far:
        message = f"`neighbours` has {count} number{'s' * (count > 1)}, and {far}"
        message += " layer goes" if far == 1 else " layers, one behind the other, go"
        message += " along the edges"
        example = ", ".join(["10"] * far)
        report.error("GC428", message, span, help=f"give one for each: `neighbours: [{example}]`")
    rows = training.batch_size if isinstance(training.batch_size, int) else 1
    if rows * asked.nodes > LARGEST_STEP:
        message = f"a step would be over {rows * asked.nodes:,} nodes"
        report.error(
            "GC428", message, span, help="draw fewer neighbours, or learn from fewer nodes"
        )
