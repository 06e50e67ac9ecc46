"""`graphc plot`."""

from __future__ import annotations

import os
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphc.cli.common import output_option, put
from graphc.cli.failures import Command
from graphc.core.diagnostic import Diagnostic, RunError

if TYPE_CHECKING:
    from graphc.runtime.rundir import RunDirectory

_FORMS = ("", ".svg", ".html")
_SECONDS = 2


@click.command(cls=Command)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@output_option
@click.option("--follow", is_flag=True, help="Draw again until the runs have ended; needs `-o`.")
def command(runs: tuple[str, ...], output: str | None, follow: bool) -> None:
    """Draw the learning curves of runs into one picture.

    RUN is the directory of a run, which may still be going on, or of the folds of a
    cross-validation. The picture is an SVG with a panel
    for the loss and for each metric, or one for all objectives; what was measured on the
    validation split is dashed.
    With `--follow -o FILE.html` a browser shows the curves as they grow.
    """
    if output and Path(output).suffix.lower() not in _FORMS:
        raise click.UsageError(f"pictures are SVG or HTML, and `{output}` ends in neither")
    if follow and output in (None, "-"):
        raise click.UsageError("`--follow` draws into a file: name it with `-o`")
    try:
        while follow and _going_on(runs):
            if picture := _drawn(runs):
                put(_form(picture, output, growing=True), output)
            time.sleep(_SECONDS)
    except KeyboardInterrupt:
        click.echo("the runs go on", err=True)
    put(_form(_drawn(runs, needed=True), output), output)


def _form(picture: str, output: str | None, growing: bool = False) -> str:
    """The picture as the file wants it; a page that grows is loaded again by the browser."""
    if output is None or Path(output).suffix.lower() != ".html":
        return picture
    again = f'<meta http-equiv="refresh" content="{_SECONDS}">' if growing else ""
    head = f'<meta charset="utf-8"><title>curves</title>{again}'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{picture}</body></html>\n'


def _drawn(runs: tuple[str, ...], needed: bool = False) -> str:
    """The picture of what there is; "" where no run has an epoch, or GC622 if it is needed."""
    from graphc.insight.curves import curves, epochs_of
    from graphc.runtime.rundir import RunDirectory

    objectives: tuple[str, ...] = ()
    found, paths = {}, _directories(runs)
    for name, path in zip(_names(paths), paths, strict=True):
        run = RunDirectory.open(path)
        epochs, objectives = epochs_of(run.history()), _objectives(run)
        if epochs:
            found[name] = epochs
        elif needed:
            help = "wait until the first epoch has ended"
            problem = Diagnostic("GC622", f"the run in `{path}` has no epoch yet", help=help)
            raise RunError(problem)
    return curves(found, objectives=objectives) if found else ""


def _objectives(run: RunDirectory) -> tuple[str, ...]:
    """The names of those of a run."""
    from graphc.core.span import Source
    from graphc.spec.document import document_of

    blueprint = run.blueprint
    document = document_of(Source("spec.yaml", blueprint.spec, blueprint.folder))
    training = document.training
    return () if training is None else tuple(name for name, _ in training.objectives)


def _going_on(runs: tuple[str, ...]) -> bool:
    from graphc.runtime.lock import is_held

    # That of several runs is held between them too.
    return any(is_held(Path(each)) for each in (*runs, *_directories(runs)))


def _directories(runs: tuple[str, ...]) -> tuple[str, ...]:
    """Each run once, those of a directory in its place."""
    from graphc.runtime.several import begun, runs_in

    several = ([str(each) for each in runs_in(Path(run)) if begun(each)] or [run] for run in runs)
    return tuple(dict.fromkeys(chain.from_iterable(several)))


def _names(runs: tuple[str, ...]) -> list[str]:
    """The last part of each path, or as many parts as tell them apart."""
    parts = [Path(os.path.abspath(each)).parts for each in runs]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-count:]) for each in parts]
        if len(set(names)) == len(names):
            break
    return names
