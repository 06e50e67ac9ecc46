"""Back-propagation through time that ends at the borders of pieces: where it can be."""

from __future__ import annotations

from collections.abc import Callable

from graphc.core.diagnostic import Note, Report
from graphc.core.span import Span
from graphc.graph.graph import Graph
from graphc.graph.stepping import obstacles
from graphc.ops.training import Training

Place = Callable[..., Span]


def check_truncation(
    graph: Graph, network: Span, training: Training, place: Place, report: Report
) -> None:
    """Report (GC427) why sequences cannot be learnt from in pieces, where `truncate` asks for it.

    Args:
        graph: the network that is trained, before the passes.
        network: where it stands.
    """
    if training.truncate is None:
        return
    span = place("train", "truncate")
    if found := obstacles(graph, network):
        message = "`truncate` takes sequences in pieces, which this network cannot"
        notes = tuple(Note(each.message, each.span) for each in found)
        report.error("GC427", message, span, notes=notes, help="leave it out")
    for word, value in {"accumulate": training.accumulate > 1, "mixup": training.mixup}.items():
        if value:
            message = f"`{word}` does not go with `truncate`, which takes batches in pieces itself"
            report.error("GC427", message, place("train", word), help=f"leave `{word}` out")
