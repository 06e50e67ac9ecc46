"""How problems are shown: diagnostics of a spec or a run, and faults of graphc itself.

What only an odd case needs is imported where it is used: `graphc check` starts with this module.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from graphc.cli.colour import painted
from graphc.core.diagnostic import Diagnostic, GraphcError, render

_COLOURS = {"error": "red", "warning": "yellow"}


class Command(click.Command):
    """A command whose errors are shown as diagnostics: with `--format json` on standard output."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except GraphcError as error:
            if ctx.params.get("layout") == "json":
                show_json(error.diagnostics)
            else:
                show(error.diagnostics)
            return error.status


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics as text to standard error."""
    for each in diagnostics:
        head, *rest = render(each).split("\n")
        label, colon, message = head.partition(": ")
        colour = _COLOURS.get(each.severity)
        first = painted(label, fg=colour, bold=True) + colon + painted(message, bold=True)
        click.echo("\n".join([first, *rest]), err=True)


def show_json(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics as a list to standard output."""
    import json

    click.echo(json.dumps([each.as_dict() for each in diagnostics], indent=2))


def fault(error: Exception) -> int:
    """Show a fault of graphc itself, with its traceback; gives the exit status."""
    if isinstance(error, GraphcError):
        show(error.diagnostics)
        return error.status
    import traceback

    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    label = painted("fault", fg="red", bold=True)
    lines = [
        f"{label}: this is a fault of graphc itself, and not of the spec",
        " = help: please report it, with the text above, the command and the spec",
    ]
    click.echo("\n".join(lines), err=True)
    return 1
