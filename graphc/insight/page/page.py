"""A network as one page of HTML: boxes that fold, wires between them, and the spec beside them.

The page holds everything that it needs. Boxes and their places are HTML, so that it can be read
without a script; the script draws the wires where the boxes are, and answers clicks and keys.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from graphc.checker import Checked
from graphc.insight.cost import Cost, called_networks, cost_of_networks
from graphc.insight.levels import levels_of
from graphc.insight.page.boxes import Boxes
from graphc.insight.page.texts import Sources
from graphc.insight.painting import picture_of
from graphc.insight.table import short

_HERE = Path(__file__).parent
_PLACE = re.compile(r"<!-- ([A-Z]+) -->")


def page(checked: Checked) -> str:
    """The page of a spec."""
    picture = picture_of(checked.networks)
    cost = cost_of_networks(checked.networks)
    sources = Sources(checked.document.source)
    boxes = Boxes(levels_of(picture), picture, cost, sources)
    parts = {
        "TITLE": escape(checked.name),
        "TOTALS": totals(cost),
        "DRAWING": boxes.html(_main(checked)),
        "SPEC": "".join(sources.html()),
        "DATA": boxes.data(),
        "STYLE": _file("page.css"),
        "SCRIPT": _file("page.js"),
    }
    return _PLACE.sub(lambda found: parts[found[1]], _file("page.html"))


def _main(checked: Checked) -> str:
    """The network that is trained, or the first that no other calls."""
    if checked.plan is not None:
        return checked.plan.network
    called = called_networks(checked.networks)
    return next(each for each in checked.networks if each not in called)


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def totals(cost: Cost) -> str:
    """What a network comes to, with the colours of its bars."""
    nodes = "1 node" if cost.nodes == 1 else f"{cost.nodes:,} nodes"
    parameters = f'<i class="parameters"></i>{cost.shown("parameters")} parameters'
    work = f'<i class="FLOPs"></i>{cost.shown("flops", short)} FLOPs for one example'
    return f"{nodes} · {parameters} · {work}"
