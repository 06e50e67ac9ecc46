"""`graphc data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphc.checker import Checked, check
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
from graphc.core.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    from graphc.data.dataset import Dataset


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
    if picture is not None and not picture.lower().endswith(".svg"):
        name = Path(picture).with_suffix(".svg")
        raise click.UsageError(f"the picture is an SVG file: `--picture {name}`")
    from graphc.data.summary import as_text, summary

    dataset = loaded(checked)
    source = checked.document.data
    assert source is not None
    found = summary(source, dataset)
    put(as_text(found) if layout == "text" else json.dumps(found, indent=2) + "\n", output)
    if picture is not None:
        from graphc.data.picture import picture as drawn

        write_bytes(drawn(dataset).encode(), picture)


def loaded(checked: Checked) -> Dataset:
    """The data of a spec; raises SpecError GC412 where it has none."""
    from graphc.data.load import load

    document = checked.document
    if document.data is None:
        help = "add `data: ...`"
        problem = Diagnostic("GC412", "this spec has no `data`", document.place(), help=help)
        raise SpecError(problem)
    return load(document.data, document.folder, document.place("data"))
