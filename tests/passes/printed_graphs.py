"""Graphs as text: a line for each node, so that a test shows what a pass made of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from graphc.checker import check
from graphc.core.forms import FORMS
from graphc.core.operation import Operation
from graphc.core.span import Source
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.forms import Beside, Folded, Part
from graphc.graph.graph import Graph
from graphc.graph.node import Ref
from graphc.passes.manager import run_passes


def after(text: str, *passes: str, device: str = "cpu", inference: bool = False):
    """The last network after these passes, printed, and what they said."""
    networks = check(Source("given.yaml", text)).networks
    without = tuple({"prune", "roll", "merge", "fold"} - set(passes))
    graphs, reports = run_passes(networks, FORMS[device], without, inference)
    remarks = [
        f"{'did' if each.done else 'left'} {each.rule}: {each.text}"
        for report in reports
        if report.name in passes
        for each in report.remarks
    ]
    return "\n".join(_lines(list(graphs.values())[-1])), remarks


def _lines(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        given = node.inputs
        while given and given[-1] is None:
            given = given[:-1]
        inputs = ", ".join("-" if ref is None else str(ref) for ref in given)
        kind = graph.types[Ref(node.name)]
        yield f"{node.name} = {_word(node.operation)}({inputs}) {kind}"
        yield from (f"  {line}" for line in _inside(node.operation))
    yield "-> " + ", ".join(str(ref) for _, ref in graph.outputs)


def _inside(operation: Operation) -> Iterator[str]:
    if isinstance(operation, NetworkCall):
        return
    if isinstance(operation, Call):
        yield from _lines(operation.graph)
    elif isinstance(operation, Repeat):
        yield from _inside(operation.copies[0])
    elif isinstance(operation, Stack):
        yield from _inside(operation.layer)


def _word(operation: Operation) -> str:
    activation = getattr(operation, "activation", None)
    after = f" {activation.name}" if activation else ""
    match operation:
        case Beside():
            return f"beside[{', '.join(operation.paths)}]"
        case Part():
            return f"part {operation.index}{after}"
        case Folded():
            return f"{_word(operation.layer)} with {operation.path}"
        case Call():
            return operation.title or "steps"
        case Repeat():
            return f"{len(operation.copies)} x {_word(operation.copies[0])}"
        case Stack():
            return f"stack of {len(operation.paths)} {_word(operation.layer)}"
    return operation.name + after
