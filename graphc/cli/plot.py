"""`graphc plot`."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path

import click

from graphc.cli.common import output_option, put
from graphc.cli.failures import Command
from graphc.core.diagnostic import Diagnostic, RunError


@click.command(cls=Command)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@output_option
def command(runs: tuple[str, ...], output: str | None) -> None:
    """Draw the learning curves of runs into one picture.

    RUN is the directory of a run, which may still be going on, or of the folds of a
    cross-validation. The picture is an SVG with a panel
    for the loss and for each metric; what was measured on the validation split is dashed.
    """
    from graphc.insight.curves import curves, epochs_of
    from graphc.runtime.rundir import RunDirectory
    from graphc.runtime.several import runs_in

    if output and Path(output).suffix.lower() not in ("", ".svg"):
        raise click.UsageError(f"pictures are SVG, and `{output}` does not end in .svg")
    several = ([str(each) for each in runs_in(Path(run))] or [run] for run in runs)
    found, runs = {}, tuple(dict.fromkeys(chain.from_iterable(several)))
    for name, path in zip(_names(runs), runs, strict=True):
        found[name] = epochs_of(RunDirectory.open(path).history())
        if not found[name]:
            help = "wait until the first epoch has ended"
            problem = Diagnostic("GC622", f"the run in `{path}` has no epoch yet", help=help)
            raise RunError(problem)
    put(curves(found), output)


def _names(runs: tuple[str, ...]) -> list[str]:
    """The last part of each path, or as many parts as tell them apart."""
    parts = [Path(os.path.abspath(each)).parts for each in runs]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-count:]) for each in parts]
        if len(set(names)) == len(names):
            break
    return names
