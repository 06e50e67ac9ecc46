"""`graphc show`."""

from __future__ import annotations

import click

from graphc.cli.common import (
    format_option,
    put,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
)
from graphc.cli.failures import Command, show
from graphc.compiler import check


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
@format_option("text", "dot", "mermaid", "json")
def command(spec: str, settings: tuple[str, ...], no_python: bool, layout: str) -> None:
    """Show a spec as a table or a drawing.

    The table has a row for every node, with its output's shape, its parameters and the floating
    point operations that it takes for one example; what stands inside a block is indented below
    its totals. `dot` is for Graphviz, `mermaid` for Markdown, `json` for programs.
    """
    checked = check(spec_source(spec), settings, python=not no_python)
    show(checked.warnings)
    if layout == "text":
        from graphc.insight.table import network_table

        put(network_table(checked.networks, checked.document.source), None)
        return
    from graphc.insight.drawing import DRAWINGS
    from graphc.insight.picture import picture_of

    put(DRAWINGS[layout](picture_of(checked.networks), checked.name), None)
