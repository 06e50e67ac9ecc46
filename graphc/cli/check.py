"""`graphc check`."""

from __future__ import annotations

import click

from graphc.checker import Checked, check
from graphc.cli.common import format_option, python_option, settings_option, spec_source
from graphc.cli.failures import Command, show, show_json
from graphc.core.diagnostic import Diagnostic, GraphcError
from graphc.insight.cost import cost_of_networks


@click.command(cls=Command)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@settings_option
@python_option
@format_option("text", "json")
def command(specs: tuple[str, ...], settings: tuple[str, ...], no_python: bool, layout: str) -> int:
    """Check specs, without running anything.

    Every SPEC is read, expanded and its shapes are inferred; `-` is standard input. Of a file that
    has only blocks, what does not depend on shapes is checked. All problems are shown at once. The
    exit status is 2 if there is an error.
    """
    status = 0
    found: list[Diagnostic] = []
    for spec in specs:
        name = "<stdin>" if spec == "-" else spec
        try:
            checked = check(spec_source(spec), settings, only_blocks=True, python=not no_python)
        except GraphcError as error:
            problems, status = error.diagnostics, max(status, error.status)
        else:
            problems = list(checked.warnings)
            if layout == "text":
                click.echo(f"{name}: ok ({_size(checked)})")
                if checked.user_code:
                    click.echo(
                        f"  uses code of its own: {', '.join(checked.user_code.definitions)}"
                    )
        found += problems
        if layout == "text":
            show(problems)
    if layout == "json":
        show_json(found)
    return status


def _size(checked: Checked) -> str:
    if not checked.networks:
        blocks = len(checked.document.library.blocks)
        return "1 block" if blocks == 1 else f"{blocks:,} blocks"
    cost = cost_of_networks(checked.networks)
    nodes = "1 node" if cost.nodes == 1 else f"{cost.nodes:,} nodes"
    return f"{nodes}, {cost.shown('parameters')} parameters"
