"""One box of a page: what stands in it, and what is said of it when it is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from graphc.core.types import Type
from graphc.insight.cost import Cost
from graphc.insight.example import flow
from graphc.insight.formulas import written
from graphc.insight.page.texts import attributes, names, summary
from graphc.insight.picture import Group, Point
from graphc.insight.table import short

TIMES = "\N{MULTIPLICATION SIGN}"
_LEAST = 0.5
"""The least percentage that is drawn as a bar."""


def content(each: Point | Group, cost: Cost, times: int, whole: Cost) -> str:
    """The inside of a box.

    Args:
        cost: of one copy.
        times: how many copies there are, with those of the groups around it.
        whole: what the bars are parts of.
    """
    formula = written(each.span) if isinstance(each, Point) else ""
    text = escape(formula) or attributes(each.attributes)
    counted = each.kind in ("node", "block", "repeat")
    return (
        _heading(each)
        + (f'<p class="text">{text}</p>' if text else "")
        + (costs(cost) if counted else "")
        + (_shares(cost, times, whole) if counted else "")
    )


def _heading(each: Point | Group) -> str:
    name, operation = names(each)
    what = f" <span>{escape(operation)}</span>" if operation else ""
    many = f" <em>{TIMES} {each.count}</em>" if each.count > 1 else ""
    return f"<h3><b>{escape(name)}</b>{what}{many}</h3>"


def costs(cost: Cost) -> str:
    """Parameters and work, where there are any."""
    shown = {"parameters": cost.shown("parameters", short), "FLOPs": cost.shown("flops", short)}
    words = [f"{count} {what}" for what, count in shown.items() if count != "0"]
    return f'<p class="cost">{" · ".join(words)}</p>' if words else ""


def _shares(cost: Cost, times: int, whole: Cost) -> str:
    """Two bars: which part of all parameters and of all work it is."""
    bars = [
        ("parameters", cost.parameters * times, whole.parameters),
        ("FLOPs", cost.flops * times, whole.flops),
    ]
    found = []
    for word, part, total in bars:
        share = 100 * part / total if total else 0
        if share >= _LEAST:
            bar = f'<i class="{word}" style="width:{share:.1f}%"></i>'
            found.append(f'<div title="{share:.1f} % of all {word}">{bar}</div>')
    return f'<div class="shares">{"".join(found)}</div>' if found else ""


def shape(types: Iterable[tuple[str | None, Type]]) -> str:
    """The types of the values that leave a box, with the names of their ports."""
    words = [f"{port} {kind}" if port else str(kind) for port, kind in types]
    text = escape(" · ".join(dict.fromkeys(words)))
    return f'<span class="shape">{text}</span>' if text else ""


def note(
    each: Point | Group, cost: Cost, times: int, place: str, reads: Iterable[str] = ()
) -> dict:
    """What is shown of a box when it is chosen: its path, a text, and rows of names and values."""
    rows = [] if each.kind in ("input", "output") else [("operation", each.operation)]
    values = {name: value for name, value in each.attributes.items() if value is not None}
    rows += [(name, flow(value)) for name, value in values.items()]
    if isinstance(each, Point):
        rows.append(("output", str(each.output)))
    shown = {
        "parameters": _product(cost, "parameters", times),
        "FLOPs": _product(cost, "flops", times),
    }
    rows += [(what, count) for what, count in shown.items() if count != "0"]
    rows += [("reads", word) for word in reads]
    rows += [("written", f"in {place}")] if place else []
    return {"path": each.id, "text": summary(each.operation), "rows": rows}


def _product(cost: Cost, what: str, times: int) -> str:
    one, all_ = cost.shown(what), (cost * times).shown(what)
    return one if times == 1 or one in ("0", "?") else f"{one} {TIMES} {times} = {all_}"
