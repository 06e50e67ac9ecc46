"""What a compilation did: pass by pass, what was chosen, and where the weights went."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from graphc.compiler import Compiled, streams
from graphc.core.forms import Forms
from graphc.core.sizes import size
from graphc.core.span import Source
from graphc.core.types import time_axes
from graphc.graph.graph import Graph
from graphc.graph.time import Scan
from graphc.graph.weights import Entry
from graphc.insight.table import aligned, place
from graphc.ops.neighbours import Neighbours
from graphc.ops.recomputing import Budget
from graphc.passes.manager import PASSES, PassReport
from graphc.passes.remarks import Remark
from graphc.passes.walk import inside
from graphc.spec.tuned import Tuned

_LINES_SHOWN = 3


def explanation(compiled: Compiled, edges: str | None = None) -> str:
    """The whole as text.

    Args:
        edges: how what comes along the edges of the data is added up, where there are such.
    """
    source = compiled.checked.document.source
    purpose = "for inference on" if compiled.program.inference else "for"
    lines = [f"{source.name}, {purpose} {compiled.choices.device}"]
    for report in compiled.passes:
        lines += ["", *_pass(report, source)]
    lines += ["", *_choices(compiled)]
    lines += [f"  sums over edges: {edges}"] if edges else []
    lines += ["", *_weights(compiled)]
    return "\n".join(lines) + "\n"


def _pass(report: PassReport, source: Source) -> Iterator[str]:
    yield f"pass {report.name}: {_purpose(report.name)}"
    if not report.ran:
        yield "  was left out (`--no-pass`)"
    elif not report.remarks:
        yield "  found nothing to do"
    for title, done in (("did", True), ("left alone", False)):
        cells = [_remark(each, source) for each in report.remarks if each.done is done]
        if cells:
            yield f"  {title}"
            yield from (f"    {line}" for line in aligned(cells))


def _purpose(name: str) -> str:
    """The first line of the text of a pass's module, behind its name."""
    text = sys.modules[PASSES[name].__module__].__doc__ or ""
    return text.split("\n")[0].removeprefix(f"{name}: ")


def _remark(remark: Remark, source: Source) -> tuple[str, str]:
    where = place(remark.span, source)
    where = f"line {where}" if where.isdigit() else where
    return where or "everywhere", f"{remark.text} (rule {remark.rule})"


def _choices(compiled: Compiled) -> Iterator[str]:
    choices = compiled.choices
    yield "choices"
    if compiled.tuned is not None:
        yield f"  {_measured(compiled.tuned)}"
    steps = choices.steps_per_dispatch
    if compiled.program.inference:
        yield "  steps per dispatch: none, for nothing is trained"
    elif compiled.checked.plan is None:
        yield "  steps per dispatch: none, for there is no `train`"
    else:
        asked = compiled.checked.document.training.steps_per_dispatch is not None  # type: ignore[union-attr]
        why = "as the spec says" if asked else f"by the work of a step{_fewer(compiled)}"
        yield f"  steps per dispatch: {steps}, {why}"
        if compiled.choices.unguarded:
            yield "  numbers that are not finite: looked for when a dispatch is over"
        if compiled.checked.document.training.members:  # type: ignore[union-attr]
            form = "side by side, as one program" if choices.lockstep else "one after the other"
            form += ", for the data is streamed" if streams(compiled.checked.document) else ""
            yield f"  members of the ensemble: {form}"
    if choices.without_ynnpack:
        yield "  convolutions: XLA's own, not those of YNNPACK"
    if compiled.program.neighbours is not None:
        yield f"  neighbours: {_neighbours(compiled.program.neighbours)}"
    if any(_loops(graph) for graph in compiled.program.networks.values()):
        yield f"  steps in a round of a loop: {choices.forms.unroll}, {_known(choices.forms)}"
    budget = compiled.checked.plan and compiled.checked.document.training.remat  # type: ignore[union-attr]
    if isinstance(budget, Budget) and not compiled.program.inference:
        yield f"  computed again: what keeps it under {size(budget.under)}, chosen with the data"
    seconds = choices.compile_seconds
    yield f"  time to compile the first step: about {max(seconds, 1):.0f} s on two cores"
    if choices.slow_to_compile:
        yield "  warning: that is long; layers are rolled where they are equal, as in `repeat`"


def _measured(tuned: Tuned) -> str:
    """What the file beside the spec has to say."""
    if tuned.unused:
        return f"not by `{tuned.path}`: {tuned.unused}"
    chosen = ", ".join(f"{word}: {value}" for word, value in tuned.chosen.items())
    return f"by `{tuned.path}`, measured on this machine: {chosen or 'all as usual'}"


def _known(forms: Forms) -> str:
    if forms.measured:
        return "for several mostly took longer where this was measured"
    return "as is usual, for it was not measured here"


def _neighbours(drawn: Neighbours) -> str:
    """How many are drawn, and where."""
    sizes = ", then ".join(f"{size} for each" for size in drawn.sizes)
    where = "in evaluation too" if drawn.evaluation == "drawn" else "evaluation is of the graph"
    return f"{sizes}, drawn in the step, {drawn.nodes:,} nodes for one to learn from; {where}"


def _fewer(compiled: Compiled) -> str:
    """That there are fewer steps in a dispatch of long sequences, where there are sequences."""
    networks = compiled.checked.networks.values()
    over_time = any(time_axes(kind) for network in networks for _, kind in network.inputs)
    return ", fewer where sequences are long" if over_time else ""


def _loops(graph: Graph) -> bool:
    """Whether it has a loop over time."""
    found = (each for node in graph.nodes for each in inside(node.operation))
    return any(isinstance(each, Scan) for each in found)


def _weights(compiled: Compiled) -> Iterator[str]:
    entries = compiled.weights.entries
    opaque = sum(each.weight.shape is None for each in entries)
    more = (" + ?", " and those of your own code") if opaque else ("", "")
    count, arrays = compiled.weights.parameters, len(entries) - opaque
    yield f"weights: {count:,}{more[0]} parameters in {arrays:,} arrays{more[1]}"
    header = ("in the spec", "shape", "stored as", "view")
    cells = [header]
    for group in _by_storage(entries):
        shown = group if len(group) <= _LINES_SHOWN else [group[0], None, group[-1]]
        cells += [("...", "", "", "") if each is None else _entry(each) for each in shown]
    if entries:
        yield from (f"  {line}" for line in aligned(cells))


def _by_storage(entries: tuple[Entry, ...]) -> Iterator[list[Entry]]:
    """The arrays that share a stored one, together."""
    groups: dict[str, list[Entry]] = {}
    for each in entries:
        groups.setdefault(each.stored, []).append(each)
    yield from groups.values()


def _entry(entry: Entry) -> tuple[str, str, str, str]:
    view = "".join(map(str, entry.view))
    kind = f" {entry.weight.kind}".rstrip()
    shape = "?" if entry.weight.shape is None else str(list(entry.weight.shape))
    return entry.path, f"{shape}{kind}", entry.stored, view or "whole"
