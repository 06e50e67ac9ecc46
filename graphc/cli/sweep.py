"""`graphc sweep`."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from graphc.cli.common import (
    cache_option,
    put,
    python_option,
    quiet_option,
    require_directory,
    resume_option,
    run_option,
    spec_argument,
    spec_source,
    without_option,
)
from graphc.cli.failures import Command, show
from graphc.ops.search import Search


@click.command(cls=Command)
@spec_argument
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUES",
    help="Values to try (`units=32,64`, `train.optimizer.adam=log:1e-4..1e-1`), or one to replace.",
)
@without_option
@python_option
@click.option(
    "--method", metavar="NAME", help="Short for `--set search.method=NAME`: grid, random, bayesian."
)
@click.option("--trials", type=click.IntRange(min=1), help="Short for `--set search.trials=N`.")
@run_option("trials")
@resume_option("search")
@cache_option
@quiet_option
def command(
    spec: str,
    settings: tuple[str, ...],
    without: tuple[str, ...],
    no_python: bool,
    method: str | None,
    trials: int | None,
    run: str | None,
    resume: bool,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Train a spec with several values and find the best.

    What to try stands in the section `search` of the spec, or behind `--set`: values with commas
    between them, or a range. Every trial is a run of its own in one directory; they are compared on
    the validation split, and the best is judged on the test split at the end. Ctrl-C keeps what was
    trained, and `--resume` goes on.
    """
    from graphc import api
    from graphc.runtime.progress import numbers, reporting_trials
    from graphc.spec.searching import as_search

    require_directory(spec, run)
    short = {"method": method, "trials": trials}
    settings = (
        *as_search(settings),
        *(f"search.{name}={value}" for name, value in short.items() if value is not None),
    )
    model = api.compile(spec_source(spec), settings, without=without, python=not no_python)
    _refuse_fixed(settings, model.compiled.checked.document.search)
    show(model.compiled.checked.warnings)
    report = reporting_trials(quiet=quiet)
    found = model.sweep(run, resume=resume, cache=not no_cache, report=report)
    put(found.table(), None)
    if found.summary["test"]:
        click.echo(f"\ntest of {found.best.path.name}: {numbers(found.summary['test'])}")
    click.echo(f"\ntrain it again with\n  graphc train {spec} {found.summary['settings']}")
    click.echo(os.path.relpath(found.path))


def _refuse_fixed(settings: Iterable[str], search: Search | None) -> None:
    """A single value for what is searched over would be lost."""
    over = () if search is None else search.over
    searched = {each.path.text.removeprefix("params.") for each in over}
    for each in settings:
        path, _, value = (part.strip() for part in each.partition("="))
        if path.removeprefix("params.") in searched:
            help = f"fix it with `--set search.over.{path}=[{value}]`"
            raise click.UsageError(f"`{path}` is searched over, with values of its own: {help}")
