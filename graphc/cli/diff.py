"""`graphc diff`."""

from __future__ import annotations

from pathlib import Path

import click

from graphc.checker import Checked, check
from graphc.cli.common import format_option, put, spec_source
from graphc.cli.failures import Command, show
from graphc.core.diagnostic import Report, SpecError
from graphc.core.span import Source


@click.command(cls=Command)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@format_option("text", "json")
@click.option("--exit-code", is_flag=True, help="End with status 1 if anything differs.")
def command(one: str, other: str, layout: str, exit_code: bool) -> int:
    """Compare two specs.

    A and B are specs, or directories that `graphc train` wrote. Their networks are aligned by the
    names that were given and by structure; what was added, removed, renamed, rewired, reshaped or
    changed is listed, with what it costs, and the settings that differ. At last it says whether
    both compile to the same program. The exit status is 0, whether anything differs or not; with
    `--exit-code` it is 1 if so.
    """
    from graphc.insight.diff.comparison import compare
    from graphc.insight.diff.report import as_json, as_text

    first, second = _checked(one, other)
    found = compare(first, second)
    sources = first.document.source, second.document.source
    put(as_json(found) if layout == "json" else as_text(found, *sources), None)
    return int(exit_code and not found.same)


def _checked(*specs: str) -> list[Checked]:
    """The specs; what is wrong with either is reported at once."""
    report = Report()
    found: list[Checked] = []
    for spec in specs:
        try:
            found.append(check(_source(spec)))
        except SpecError as error:
            report.diagnostics += error.diagnostics
    report.stop()
    show(dict.fromkeys(each for checked in found for each in checked.warnings))
    return found


def _source(spec: str) -> str | Source:
    """A spec, or that of a run, whose paths start from where the run was made."""
    path = Path(spec)
    if not (path / "model.json").is_file():
        return spec_source(spec)
    from graphc.runtime.rundir import RunDirectory

    blueprint = RunDirectory.open(path).blueprint
    return Source(str(path / "spec.yaml"), blueprint.spec, blueprint.folder, str(path))
