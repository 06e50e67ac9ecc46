"""`graphc data`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from graphc.cli.common import (
    format_option,
    output_option,
    put,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
    write_bytes,
)
from graphc.cli.failures import Command, show
from graphc.compiler import check
from graphc.core.diagnostic import Diagnostic, SpecError


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
@format_option("text", "json")
@output_option
@click.option("--picture", metavar="FILE", help="Draw a few examples into an SVG file.")
def command(
    spec: str,
    settings: tuple[str, ...],
    no_python: bool,
    layout: str,
    output: str | None,
    picture: str | None,
) -> None:
    """Show the data of a spec.

    Loads it and prints for every field its type and, for each split, the smallest and the largest
    number, mean, standard deviation and how many values were missing; and how many examples of each
    class there are. The numbers are those that the network sees.
    """
    checked = check(spec_source(spec), settings, python=not no_python)
    show(checked.warnings)
    document = checked.document
    if document.data is None:
        help = "add `data: ...`"
        problem = Diagnostic("GC412", "this spec has no `data`", document.place(), help=help)
        raise SpecError(problem)
    if picture is not None and not picture.lower().endswith(".svg"):
        name = Path(picture).with_suffix(".svg")
        raise click.UsageError(f"the picture is an SVG file: `--picture {name}`")
    from graphc.data.load import load
    from graphc.data.summary import as_text, summary

    dataset = load(document.data, document.folder, document.place("data"))
    found = summary(document.data, dataset)
    put(as_text(found) if layout == "text" else json.dumps(found, indent=2) + "\n", output)
    if picture is not None:
        from graphc.data.picture import picture as drawn

        write_bytes(drawn(dataset).encode(), picture)
